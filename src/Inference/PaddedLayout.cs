using System.Collections.Concurrent;
using System.Numerics;
using Microsoft.ML.OnnxRuntime;

namespace LoraOnnx.Inference;

/// <summary>
/// The inputs of the portable contract for one batch, each [texts, width], side by side in one pinned array; the axes that a file fixes are filled
/// with padding. Layouts are used again, with their arrays: <see cref="Rent"/> takes one, disposal gives it back.
/// </summary>
internal sealed class PaddedLayout : IDisposable
{
    private static readonly ConcurrentQueue<PaddedLayout> _spare = new();

    private readonly long[] _axes = new long[2];
    private long[] _numbers = [];
    private int[] _int32Numbers = []; // for files that take those
    private OrtValue[] _values = [];
    private PortableContract _contract = null!; // filled before anyone sees it

    private PaddedLayout()
    {
    }

    /// <summary>Lays a batch out for ids, mask and token types, which are all 0. The caller disposes the layout when its run is over.</summary>
    public static PaddedLayout Rent(ReadOnlySpan<ReadOnlyMemory<int>> batch, int width, PortableContract contract)
    {
        var layout = _spare.TryDequeue(out var spare) ? spare : new PaddedLayout();
        layout._contract = contract;
        (layout._axes[0], layout._axes[1]) = (contract.Texts ?? batch.Length, contract.Tokens ?? width);
        if (contract.TakesInt32)
        {
            layout.Fill(ref layout._int32Numbers, batch);
        }
        else
        {
            layout.Fill(ref layout._numbers, batch);
        }

        return layout;
    }

    private int Size => (int)(_axes[0] * _axes[1]);

    /// <summary>The inputs; the caller disposes them before this layout.</summary>
    public OrtValue[] CreateValues()
    {
        if (_values.Length != _contract.Inputs.Count)
        {
            _values = new OrtValue[_contract.Inputs.Count];
        }

        for (var place = 0; place < _values.Length; place++)
        {
            _values[place] = _contract.TakesInt32 ? Value(_int32Numbers, place) : Value(_numbers, place);
        }

        return _values;
    }

    /// <inheritdoc/>
    public void Dispose() => _spare.Enqueue(this);

    private void Fill<T>(ref T[] numbers, ReadOnlySpan<ReadOnlyMemory<int>> batch)
        where T : unmanaged, INumber<T>
    {
        var count = _contract.Inputs.Count * Size;
        PinnedArray.Grow(ref numbers, count);
        numbers.AsSpan(0, count).Clear();
        for (var text = 0; text < batch.Length; text++)
        {
            var ids = batch[text].Span;
            var row = text * (int)_axes[1];
            for (var token = 0; token < ids.Length; token++)
            {
                numbers[row + token] = T.CreateTruncating(ids[token]);
                numbers[Size + row + token] = T.One;
            }
        }
    }

    private OrtValue Value<T>(T[] numbers, int place)
        where T : unmanaged =>
        OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, numbers.AsMemory(place * Size, Size), _axes); // copies the shape
}
