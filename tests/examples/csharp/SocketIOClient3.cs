// The public surface of SocketIOClient 3.1.1 that the example could meet, as its sources declare it.
using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace SocketIO.Core
{
    public enum EngineIO { V3 = 3, V4 = 4 }
}

namespace SocketIOClient.Transport
{
    public enum TransportProtocol { Polling, WebSocket }
}

namespace SocketIOClient
{
    public class ConnectionException : Exception
    {
        public ConnectionException(string message) { }
    }

    public class DisconnectReason
    {
        public static string IOServerDisconnect = "";
        public static string IOClientDisconnect = "";
    }

    public sealed class SocketIOOptions
    {
        public string Path { get; set; }
        public TimeSpan ConnectionTimeout { get; set; }
        public IEnumerable<KeyValuePair<string, string>> Query { get; set; }
        public bool Reconnection { get; set; }
        public double ReconnectionDelay { get; set; }
        public int ReconnectionDelayMax { get; set; }
        public int ReconnectionAttempts { get; set; }
        public Dictionary<string, string> ExtraHeaders { get; set; }
        public SocketIOClient.Transport.TransportProtocol Transport { get; set; }
        public global::SocketIO.Core.EngineIO EIO { get; set; }
        public bool AutoUpgrade { get; set; }
        public object Auth { get; set; }
    }

    public class SocketIOResponse
    {
        public T GetValue<T>(int index = 0) { throw null; }
    }

    public class SocketIO : IDisposable
    {
        public SocketIO(string uri) { }
        public SocketIO(Uri uri) { }
        public SocketIO(string uri, SocketIOOptions options) { }
        public SocketIO(Uri uri, SocketIOOptions options) { }
        public string Id { get; private set; }
        public bool Connected { get; private set; }
        public SocketIOOptions Options { get; private set; }
        public event EventHandler OnConnected { add { } remove { } }
        public event EventHandler<string> OnError { add { } remove { } }
        public event EventHandler<string> OnDisconnected { add { } remove { } }
        public event EventHandler<int> OnReconnected { add { } remove { } }
        public Task ConnectAsync() { throw null; }
        public Task DisconnectAsync() { throw null; }
        public void On(string eventName, Action<SocketIOResponse> callback) { }
        public void On(string eventName, Func<SocketIOResponse, Task> callback) { }
        public Task EmitAsync(string eventName, params object[] data) { throw null; }
        public Task EmitAsync(string eventName, Action<SocketIOResponse> ack, params object[] data) { throw null; }
        public Task EmitAsync(string eventName, Func<SocketIOResponse, Task> ack, params object[] data) { throw null; }
        public void Dispose() { }
    }
}
