using System;
using System.Collections.Generic;
using System.Text.Json;

namespace TeamCalendar
{
    /// <summary>A department's calendar, kept by what the server sends. Both versions of the library use it.</summary>
    public class Calendar
    {
        private readonly object _lock = new object();
        private readonly Dictionary<string, JsonElement> _events = new Dictionary<string, JsonElement>();
        private long _revision;

        public Calendar(string departmentId)
        {
            DepartmentId = departmentId;
        }

        public string DepartmentId { get; }

        /// <summary>Where this copy stands; null before the first join. Keep it with the events, and it survives a restart.</summary>
        public string Cursor { get; private set; }

        /// <summary>What is sent after every connection, also the second and the third.</summary>
        public object JoinRequest()
        {
            lock (_lock)
            {
                return new { department_id = DepartmentId, cursor = Cursor, series = true };
            }
        }

        /// <summary>joined_department: what has changed since the cursor, or the whole calendar.</summary>
        public void Joined(JsonElement answer)
        {
            if (answer.GetProperty("department_id").GetString() != DepartmentId)
            {
                return;
            }
            lock (_lock)
            {
                if (answer.GetProperty("full").GetBoolean())
                {
                    _events.Clear();
                }
                foreach (var one in answer.GetProperty("events").EnumerateArray())
                {
                    _events[one.GetProperty("id").GetString()] = one.Clone();
                }
                JsonElement deleted;
                if (answer.TryGetProperty("deleted", out deleted))
                {
                    foreach (var id in deleted.EnumerateArray())
                    {
                        _events.Remove(id.GetString());
                    }
                }
                MoveTo(answer);
            }
            Console.WriteLine("calendar " + _events.Count);
        }

        /// <summary>event_created and event_updated.</summary>
        public void Changed(JsonElement change)
        {
            lock (_lock)
            {
                if (!IsNew(change))
                {
                    return;
                }
                _events[change.GetProperty("id").GetString()] = change.Clone();
                MoveTo(change);
            }
            Console.WriteLine("changed " + change.GetProperty("title").GetString());
        }

        /// <summary>event_deleted.</summary>
        public void Deleted(JsonElement change)
        {
            lock (_lock)
            {
                if (!IsNew(change))
                {
                    return;
                }
                _events.Remove(change.GetProperty("id").GetString());
                MoveTo(change);
            }
            Console.WriteLine("deleted " + change.GetProperty("id").GetString());
        }

        /// <summary>With series: true every change has a revision of its own.</summary>
        private bool IsNew(JsonElement change)
        {
            return change.GetProperty("department_id").GetString() == DepartmentId
                && change.GetProperty("revision").GetInt64() > _revision;
        }

        private void MoveTo(JsonElement position)
        {
            _revision = position.GetProperty("revision").GetInt64();
            Cursor = position.GetProperty("cursor").GetString();
        }
    }
}
