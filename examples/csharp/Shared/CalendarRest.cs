using System;
using System.Collections.Generic;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;

namespace TeamCalendar
{
    /// <summary>Writes go over REST; the change then comes back over Socket.IO, to this client too.</summary>
    public class CalendarRest
    {
        private readonly HttpClient _http;

        /// <summary><paramref name="token"/>: of AUTH_MODE=token; null with AUTH_MODE=open.</summary>
        public CalendarRest(Uri server, string token)
        {
            _http = new HttpClient { BaseAddress = server, Timeout = TimeSpan.FromSeconds(10) };
            if (token != null)
            {
                _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
            }
        }

        /// <summary>The id is made here, so that sending it again makes no second event.</summary>
        public Task<Answer> CreateAsync(string departmentId, IDictionary<string, object> fields)
        {
            fields["id"] = Guid.NewGuid().ToString();
            return SendAsync(HttpMethod.Post, "api/events/" + departmentId + "?series=true", fields, null);
        }

        /// <summary><paramref name="version"/>: of the event as the user saw it. Somebody else's change is 412.</summary>
        public Task<Answer> UpdateAsync(string eventId, long version, IDictionary<string, object> fields)
        {
            return SendAsync(HttpMethod.Put, "api/events/" + eventId + "?series=true", fields, version);
        }

        public Task<Answer> DeleteAsync(string eventId, long version)
        {
            return SendAsync(HttpMethod.Delete, "api/events/" + eventId + "?series=true", null, version);
        }

        /// <summary>Sends until there is an answer. The same key says that it is the same write: it is done once.</summary>
        private async Task<Answer> SendAsync(HttpMethod method, string path, object body, long? version)
        {
            var key = Guid.NewGuid().ToString();
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    using (var request = RequestOf(method, path, body, version, key))
                    using (var response = await _http.SendAsync(request))
                    {
                        var status = (int)response.StatusCode;
                        if ((status != 503 && status != 429) || attempt == 5)
                        {
                            return new Answer(status, await response.Content.ReadAsStringAsync());
                        }
                    }
                }
                catch (Exception error) when (attempt < 5 && (error is HttpRequestException || error is TaskCanceledException))
                {
                    Console.WriteLine("again: " + error.Message);
                }
                await Task.Delay(TimeSpan.FromSeconds(attempt));
            }
        }

        private static HttpRequestMessage RequestOf(HttpMethod method, string path, object body, long? version, string key)
        {
            var request = new HttpRequestMessage(method, path);
            request.Headers.Add("Idempotency-Key", key);
            request.Headers.Add("Accept-Language", "ko");
            if (version.HasValue)
            {
                request.Headers.TryAddWithoutValidation("If-Match", "\"" + version.Value + "\"");
            }
            if (body != null)
            {
                request.Content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
            }
            return request;
        }
    }

    /// <summary>412: `current` in the body is the event as it is now; show both, and let the user decide.</summary>
    public class Answer
    {
        public Answer(int status, string body)
        {
            Status = status;
            Body = JsonDocument.Parse(body).RootElement;
        }

        public int Status { get; }
        public JsonElement Body { get; }
        public bool Succeeded { get { return Status < 300; } }
        public string Code { get { return Succeeded ? "" : Body.GetProperty("code").GetString(); } }
    }
}
