// What the examples use of System.Text.Json, which Mono doesn't have.
using System;
using System.Collections.Generic;

namespace System.Text.Json
{
    public struct JsonElement
    {
        public JsonElement GetProperty(string propertyName) { throw null; }
        public bool TryGetProperty(string propertyName, out JsonElement value) { throw null; }
        public string GetString() { throw null; }
        public bool GetBoolean() { throw null; }
        public long GetInt64() { throw null; }
        public IEnumerable<JsonElement> EnumerateArray() { throw null; }
        public JsonElement Clone() { throw null; }
    }

    public sealed class JsonDocument
    {
        public static JsonDocument Parse(string json) { throw null; }
        public JsonElement RootElement { get { throw null; } }
    }

    public static class JsonSerializer
    {
        public static string Serialize<TValue>(TValue value) { throw null; }
    }
}
