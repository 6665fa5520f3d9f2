using System;
using System.Collections.Generic;
using System.Text.Json;
using System.Threading.Tasks;
using SocketIOClient;

namespace TeamCalendar
{
    /// <summary>SocketIOClient 3.1: `SocketIOClient3 http://127.0.0.1:8000 department-id [token]`.</summary>
    public static class Program
    {
        public static async Task Main(string[] arguments)
        {
            var server = new Uri(arguments[0]);
            var token = arguments.Length > 2 ? arguments[2] : null;
            var calendar = new Calendar(arguments[1]);
            var client = new SocketIOClient.SocketIO(server, new SocketIOOptions
            {
                // A dead connection is noticed by the websocket; it is tried again for ever, by itself.
                Reconnection = true,
                Auth = token == null ? null : new { token = token },
            });

            // After every connection: who has lost it is no member any more.
            client.OnConnected += async (sender, none) => await client.EmitAsync("join_department", calendar.JoinRequest());
            // The library doesn't come back by itself when the server has sent it away.
            client.OnDisconnected += async (sender, reason) =>
            {
                if (reason == DisconnectReason.IOServerDisconnect)
                {
                    await ConnectAsync(client);
                }
            };
            // A token that has ended is refused here; ask its user to sign in again.
            client.OnError += (sender, message) => Console.WriteLine("refused: " + message);
            // Synchronous handlers: 3.1 doesn't wait for asynchronous ones, which could overtake each other.
            client.On("joined_department", response => calendar.Joined(response.GetValue<JsonElement>()));
            client.On("event_created", response => calendar.Changed(response.GetValue<JsonElement>()));
            client.On("event_updated", response => calendar.Changed(response.GetValue<JsonElement>()));
            client.On("event_deleted", response => calendar.Deleted(response.GetValue<JsonElement>()));
            client.On("error", response => Console.WriteLine("error " + response));

            await ConnectAsync(client);
            await WriteAsync(new CalendarRest(server, token), calendar.DepartmentId);
            Console.ReadLine();
            await client.DisconnectAsync();
        }

        private static async Task ConnectAsync(SocketIOClient.SocketIO client)
        {
            for (var seconds = 1; !client.Connected; seconds = Math.Min(2 * seconds, 30))
            {
                try
                {
                    await client.ConnectAsync();
                }
                catch (ConnectionException error)
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
