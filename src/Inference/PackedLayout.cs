using System.Collections.Concurrent;
using LoraOnnx.Graph;
using LoraOnnx.Model.Encoders;
using Microsoft.ML.OnnxRuntime;

namespace LoraOnnx.Inference;

/// <summary>
/// The inputs of <see cref="PackedInputs"/> for one batch, side by side in one pinned array. Layouts are used again, with their arrays:
/// <see cref="Rent"/> takes one, disposal gives it back.
/// </summary>
internal sealed class PackedLayout : IDisposable
{
    private static readonly ConcurrentQueue<PackedLayout> _spare = new();

    private readonly OrtValue[] _values = new OrtValue[PackedInputs.All.Count];
    private readonly OrtValue[] _valuesWithoutPadding = new OrtValue[KernelModel.Inputs.Count];
    private readonly long[] _axis = new long[1];
    private readonly long[] _axes = new long[2];
    private int[] _buffer = [];
    private int _texts;
    private int _tokens;
    private int _width;

    private PackedLayout()
    {
    }

    /// <summary>Lays a batch out; the caller disposes the layout when its run is over.</summary>
    public static PackedLayout Rent(ReadOnlySpan<ReadOnlyMemory<int>> batch, int width, EmbeddingLayout embeddings)
    {
        var layout = _spare.TryDequeue(out var spare) ? spare : new PackedLayout();
        layout.Fill(batch, width, embeddings);
        return layout;
    }

    private Memory<int> Ids => _buffer.AsMemory(0, _tokens);

    private Memory<int> Positions => _buffer.AsMemory(_tokens, _tokens);

    private Memory<int> Rows => _buffer.AsMemory(2 * _tokens, _tokens);

    private Memory<int> Slots => _buffer.AsMemory(3 * _tokens, _texts * _width);

    private Memory<int> Lengths => _buffer.AsMemory((3 * _tokens) + (_texts * _width), _texts);

    private Memory<int> First => _buffer.AsMemory((3 * _tokens) + (_texts * _width) + _texts, _texts);

    /// <summary>The inputs in the order of <see cref="PackedInputs.All"/>; the caller disposes them before this layout.</summary>
    public OrtValue[] CreateValues()
    {
        _values[0] = Value(Ids);
        _values[1] = Value(Positions);
        (_axes[0], _axes[1]) = (_texts, _width);
        _values[2] = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, Slots, _axes);
        _values[3] = Value(Rows);
        _values[4] = Value(Lengths);
        _values[5] = Value(First);
        return _values;
    }

    /// <summary>The inputs in the order of <see cref="KernelModel.Inputs"/>; the caller disposes them before this layout.</summary>
    public OrtValue[] CreateValuesWithoutPadding()
    {
        _valuesWithoutPadding[0] = Value(Ids);
        _valuesWithoutPadding[1] = Value(Positions);
        _valuesWithoutPadding[2] = Value(Lengths);
        return _valuesWithoutPadding;
    }

    /// <inheritdoc/>
    public void Dispose() => _spare.Enqueue(this);

    private void Fill(ReadOnlySpan<ReadOnlyMemory<int>> batch, int width, EmbeddingLayout embeddings)
    {
        (_texts, _tokens, _width) = (batch.Length, 0, width);
        foreach (var ids in batch)
        {
            _tokens += ids.Length;
        }

        var size = (3 * _tokens) + (_texts * width) + (2 * _texts);
        PinnedArray.Grow(ref _buffer, size);
        var first = 0;
        for (var text = 0; text < batch.Length; text++)
        {
            var ids = batch[text].Span;
            embeddings.FillPositions(ids, Positions.Span.Slice(first, ids.Length));
            Place(text, ids, first);
            first += ids.Length;
        }
    }

    private void Place(int text, ReadOnlySpan<int> ids, int first)
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

    private OrtValue Value(Memory<int> values)
    {
        _axis[0] = values.Length;
        return OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, values, _axis); // copies the shape
    }
}
