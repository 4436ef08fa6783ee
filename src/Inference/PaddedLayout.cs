using System.Buffers;
using Microsoft.ML.OnnxRuntime;

namespace LoraOnnx.Inference;

/// <summary>The inputs of the portable contract for one batch, each [texts, width], side by side in one pooled array.</summary>
internal sealed class PaddedLayout : IDisposable
{
    private readonly long[] _buffer;
    private readonly int _texts;
    private readonly int _width;

    public PaddedLayout(IReadOnlyList<int[]> batch, int width)
    {
        (_texts, _width) = (batch.Count, width);
        _buffer = ArrayPool<long>.Shared.Rent(3 * Size);
        _buffer.AsSpan(0, 3 * Size).Clear();
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

    /// <summary>Ids, mask and, if asked for, token types, which are all 0; the caller disposes them before this layout.</summary>
    public OrtValue[] CreateValues(bool withTokenTypes) => withTokenTypes ? [Value(0), Value(1), Value(2)] : [Value(0), Value(1)];

    /// <inheritdoc/>
    public void Dispose() => ArrayPool<long>.Shared.Return(_buffer);

    private OrtValue Value(int place) =>
        OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, _buffer.AsMemory(place * Size, Size), [_texts, _width]);
}
