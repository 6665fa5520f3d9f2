using System;
using System.Collections.Generic;
using System.Text.Json;
using System.Threading.Tasks;
using SocketIOClient;

namespace TeamCalendar
{
    /// <summary>SocketIOClient 4: `SocketIOClient4 http://127.0.0.1:8000 department-id [token]`.</summary>
    public static class Program
    {
        public static async Task Main(string[] arguments)
        {
            var server = new Uri(arguments[0]);
            var token = arguments.Length > 2 ? arguments[2] : null;
            var calendar = new Calendar(arguments[1]);
            var client = new SocketIOClient.SocketIO(server, new SocketIOOptions
            {
                // Each connection is tried once here; ConnectAsync below tries again, for ever. The library's own
                // attempts end after ReconnectionAttempts, 10 of them, without a word.
                Reconnection = false,
                Auth = token == null ? null : new { token = token },
            });

            // After every connection: who has lost it is no member any more. The data is an enumerable.
            client.OnConnected += async (sender, none) =>
                await client.EmitAsync("join_department", new object[] { calendar.JoinRequest() });
            client.OnDisconnected += async (sender, reason) =>
            {
                if (reason != DisconnectReason.IOClientDisconnect)
                {
                    await ConnectAsync(client);
                }
            };
            // A token that has ended is refused here; ask its user to sign in again.
            client.OnError += (sender, message) => Console.WriteLine("refused: " + message);
            // A handler returns a Task, and the next message waits for it.
            client.On("joined_department", context => Done(() => calendar.Joined(context.GetValue<JsonElement>(0))));
            client.On("event_created", context => Done(() => calendar.Changed(context.GetValue<JsonElement>(0))));
            client.On("event_updated", context => Done(() => calendar.Changed(context.GetValue<JsonElement>(0))));
            client.On("event_deleted", context => Done(() => calendar.Deleted(context.GetValue<JsonElement>(0))));
            client.On("error", context => Done(() => Console.WriteLine("error " + context.RawText)));

            await ConnectAsync(client);
            await WriteAsync(new CalendarRest(server, token), calendar.DepartmentId);
            Console.ReadLine();
            await client.DisconnectAsync();
        }

        private static Task Done(Action action)
        {
            action();
            return Task.CompletedTask;
        }

        private static async Task ConnectAsync(SocketIOClient.SocketIO client)
        {
            for (var seconds = 1; !client.Connected; seconds = Math.Min(2 * seconds, 30))
            {
                try
                {
                    await client.ConnectAsync();
                }
                // Not only ConnectionException: a time-out is a TimeoutException, a refused token an error of its own.
                catch (Exception error)
                {
                    Console.WriteLine(error.Message);
                }
                if (!client.Connected)
                {
                    await Task.Delay(TimeSpan.FromSeconds(seconds));
                }
            }
        }

        private static async Task WriteAsync(CalendarRest rest, string departmentId)
        {
            var created = await rest.CreateAsync(departmentId, new Dictionary<string, object>
            {
                ["event_date"] = "2026-11-09",
                ["title"] = "주간 회의",
                ["start_time"] = "10:00",
            });
            if (!created.Succeeded)
            {
                Console.WriteLine(created.Code);
                return;
            }
            var made = created.Body.GetProperty("event");
            var changed = await rest.UpdateAsync(
                made.GetProperty("id").GetString(),
                made.GetProperty("version").GetInt64(),
                new Dictionary<string, object> { ["location"] = "3층 회의실" });
            Console.WriteLine(changed.Status == 412 ? "somebody else was faster" : "saved");
        }
    }
}
