using System.Buffers;
using Microsoft.ML.OnnxRuntime;

namespace LoraOnnx.Inference;

/// <summary>The inputs of the portable contract for one batch, each [texts, width], side by side in one pooled array.</summary>
internal sealed class PaddedLayout : IDisposable
{
    private readonly long[] _buffer;
    private readonly int _texts;
    private readonly int _width;
    private readonly int _inputs;

    /// <summary>Lays a batch out for the first <paramref name="inputs"/> of ids, mask and token types, which are all 0.</summary>
    public PaddedLayout(IReadOnlyList<int[]> batch, int width, int inputs)
    {
        (_texts, _width, _inputs) = (batch.Count, width, inputs);
        _buffer = ArrayPool<long>.Shared.Rent(inputs * Size);
        _buffer.AsSpan(0, inputs * Size).Clear();
        for (var text = 0; text < _texts; text++)
        {
            var row = text * width;
            for (var token = 0; token < batch[text].Length; token++)
            {
                _buffer[row + token] = batch[text][token];
                _buffer[Size + row + token] = 1;
            }
        }
    }

    private int Size => _texts * _width;

    /// <summary>The inputs; the caller disposes them before this layout.</summary>
    public OrtValue[] CreateValues() => [.. Enumerable.Range(0, _inputs).Select(Value)];

    /// <inheritdoc/>
    public void Dispose() => ArrayPool<long>.Shared.Return(_buffer);

    private OrtValue Value(int place) =>
        OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, _buffer.AsMemory(place * Size, Size), [_texts, _width]);
}
