// The public surface of SocketIOClient 4.0.2 that the example could meet, as its sources declare it.
using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using SocketIOClient.Common;
using SocketIOClient.Common.Messages;

namespace SocketIOClient.Common
{
    public enum EngineIO { V3 = 3, V4 = 4 }
    public enum TransportProtocol { Polling, WebSocket }
}

namespace SocketIOClient.Common.Messages
{
    public interface IDataMessage
    {
        string RawText { get; set; }
        T GetValue<T>(int index);
    }
}

namespace SocketIOClient.Exceptions
{
    public class ConnectionException : Exception
    {
        public ConnectionException(string message) { }
    }
}

namespace SocketIOClient
{
    public class DisconnectReason
    {
        public const string IOServerDisconnect = "io server disconnect";
        public const string IOClientDisconnect = "io client disconnect";
    }

    public class SocketIOOptions
    {
        public EngineIO EIO { get; set; }
        public TimeSpan ConnectionTimeout { get; set; }
        public bool Reconnection { get; set; }
        public TransportProtocol Transport { get; set; }
        public int ReconnectionAttempts { get; set; }
        public int ReconnectionDelayMax { get; set; }
        public string Path { get; set; }
        public object Auth { get; set; }
        public bool AutoUpgrade { get; set; }
    }

    public interface IEventContext
    {
        T GetValue<T>(int index);
        object GetValue(Type type, int index);
        Task SendAckDataAsync(IEnumerable<object> data);
        string RawText { get; }
    }

    public interface IServiceCollection { }

    public class SocketIO : IDisposable
    {
        public SocketIO(Uri uri, SocketIOOptions options, Action<IServiceCollection> configure = null) { }
        public SocketIO(Uri uri, Action<IServiceCollection> configure) { }
        public SocketIO(Uri uri) { }
        public bool Connected { get; private set; }
        public string Id { get; private set; }
        public SocketIOOptions Options { get; private set; }
        public event EventHandler<Exception> OnReconnectError { add { } remove { } }
        public event EventHandler OnConnected { add { } remove { } }
        public event EventHandler<string> OnDisconnected { add { } remove { } }
        public event EventHandler<string> OnError { add { } remove { } }
        public event EventHandler<int> OnReconnectAttempt { add { } remove { } }
        public Task ConnectAsync() { throw null; }
        public Task ConnectAsync(CancellationToken cancellationToken) { throw null; }
        public Task EmitAsync(string eventName, IEnumerable<object> data, CancellationToken token) { throw null; }
        public Task EmitAsync(string eventName, IEnumerable<object> data) { throw null; }
        public Task EmitAsync(string eventName, CancellationToken cancellationToken) { throw null; }
        public Task EmitAsync(string eventName) { throw null; }
        public Task EmitAsync(string eventName, IEnumerable<object> data, Func<IDataMessage, Task> ack) { throw null; }
        public Task EmitAsync(string eventName, Func<IDataMessage, Task> ack) { throw null; }
        public Task DisconnectAsync() { throw null; }
        public void On(string eventName, Func<IEventContext, Task> handler) { }
        public void Dispose() { }
    }
}
