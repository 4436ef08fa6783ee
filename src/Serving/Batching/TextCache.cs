using System.Diagnostics.CodeAnalysis;

namespace LoraOnnx.Serving.Batching;

/// <summary>Answers to exact texts, the least recently used dropped first, bounded in bytes. Thread-safe.</summary>
internal sealed class TextCache(long maxBytes)
{
    /// <summary>Dictionary entry, list node, classification object and headers, roughly.</summary>
    private const int Overhead = 250;

    private readonly object _lock = new();
    private readonly Dictionary<TextKey, LinkedListNode<(TextKey Key, Classification Value)>> _entries = [];
    private readonly LinkedList<(TextKey Key, Classification Value)> _byUse = new(); // most recent first
    private long _bytes;

    public bool TryGet(TextKey key, [NotNullWhen(true)] out Classification? classification)
    {
        classification = null;
        if (maxBytes == 0)
        {
            return false;
        }

        lock (_lock)
        {
            if (!_entries.TryGetValue(key, out var node))
            {
                return false;
            }

            _byUse.Remove(node);
            _byUse.AddFirst(node);
            classification = node.Value.Value;
            return true;
        }
    }

    public void Add(TextKey key, Classification classification)
    {
        var size = Size(key, classification);
        if (size > maxBytes / 8)
        {
            return; // one huge text must not push out everything else
        }

        lock (_lock)
        {
            if (!_entries.TryAdd(key, null!)) // filled two lines below, under the same lock
            {
                return;
            }

            _entries[key] = _byUse.AddFirst((key, classification));
            _bytes += size;
            while (_bytes > maxBytes && _byUse.Last is { } oldest)
            {
                _bytes -= Size(oldest.Value.Key, oldest.Value.Value);
                _entries.Remove(oldest.Value.Key);
                _byUse.RemoveLast();
            }
        }
    }

    private static long Size(TextKey key, Classification classification) => Overhead + 2L * key.Text.Length + 4L * classification.Logits.Length;
}
