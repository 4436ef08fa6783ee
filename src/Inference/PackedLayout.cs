using System.Buffers;
using LoraOnnx.Graph;
using LoraOnnx.Model.Encoders;
using Microsoft.ML.OnnxRuntime;

namespace LoraOnnx.Inference;

/// <summary>The inputs of <see cref="PackedInputs"/> for one batch, side by side in one pooled array.</summary>
internal sealed class PackedLayout : IDisposable
{
    private readonly int[] _buffer;
    private readonly int _texts;
    private readonly int _tokens;
    private readonly int _width;

    public PackedLayout(IReadOnlyList<int[]> batch, int width, EmbeddingLayout embeddings)
    {
        _texts = batch.Count;
        _tokens = batch.Sum(ids => ids.Length);
        _width = width;
        _buffer = ArrayPool<int>.Shared.Rent((3 * _tokens) + (_texts * width) + (2 * _texts));
        var first = 0;
        for (var text = 0; text < batch.Count; text++)
        {
            embeddings.FillPositions(batch[text], Positions.Span.Slice(first, batch[text].Length));
            Place(text, batch[text], first);
            first += batch[text].Length;
        }
    }

    private Memory<int> Ids => _buffer.AsMemory(0, _tokens);

    private Memory<int> Positions => _buffer.AsMemory(_tokens, _tokens);

    private Memory<int> Rows => _buffer.AsMemory(2 * _tokens, _tokens);

    private Memory<int> Slots => _buffer.AsMemory(3 * _tokens, _texts * _width);

    private Memory<int> Lengths => _buffer.AsMemory((3 * _tokens) + (_texts * _width), _texts);

    private Memory<int> First => _buffer.AsMemory((3 * _tokens) + (_texts * _width) + _texts, _texts);

    /// <summary>The inputs in the order of <see cref="PackedInputs.All"/>; the caller disposes them before this layout.</summary>
    public OrtValue[] CreateValues() =>
    [
        Value(Ids, _tokens),
        Value(Positions, _tokens),
        Value(Slots, _texts, _width),
        Value(Rows, _tokens),
        Value(Lengths, _texts),
        Value(First, _texts),
    ];

    /// <summary>The inputs in the order of <see cref="KernelModel.Inputs"/>; the caller disposes them before this layout.</summary>
    public OrtValue[] CreateValuesWithoutPadding() => [Value(Ids, _tokens), Value(Positions, _tokens), Value(Lengths, _texts), Value(First, _texts)];

    /// <inheritdoc/>
    public void Dispose() => ArrayPool<int>.Shared.Return(_buffer);

    private void Place(int text, int[] ids, int first)
    {
        ids.CopyTo(Ids.Span[first..]);
        var rows = Rows.Span[first..];
        var slots = Slots.Span.Slice(text * _width, _width);
        for (var token = 0; token < ids.Length; token++)
        {
            rows[token] = (text * _width) + token;
            slots[token] = first + token;
        }

        slots[ids.Length..].Fill(first); // any token of the text: padding is masked
        Lengths.Span[text] = ids.Length;
        First.Span[text] = first;
    }

    private static OrtValue Value(Memory<int> values, params long[] shape) =>
        OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, values, shape);
}
