using System.Buffers;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace LoraOnnx.Inference;

/// <summary>The inputs of the portable contract for one batch, each [texts, width], side by side in one pooled array; the axes that a file fixes are
/// filled with padding.</summary>
internal sealed class PaddedLayout : IDisposable
{
    private readonly long[] _buffer; // of int32 where the file takes those, two in each
    private readonly PortableContract _contract;
    private readonly int _texts;
    private readonly int _width;

    /// <summary>Lays a batch out for ids, mask and token types, which are all 0.</summary>
    public PaddedLayout(IReadOnlyList<int[]> batch, int width, PortableContract contract)
    {
        (_texts, _width, _contract) = (contract.Texts ?? batch.Count, contract.Tokens ?? width, contract);
        _buffer = ArrayPool<long>.Shared.Rent(contract.Inputs.Count * Size);
        _buffer.AsSpan(0, contract.Inputs.Count * Size).Clear();
        if (contract.TakesInt32)
        {
            Fill(MemoryMarshal.Cast<long, int>(_buffer.AsSpan()), batch, static id => id);
        }
        else
        {
            Fill(_buffer.AsSpan(), batch, static id => (long)id);
        }
    }

    private int Size => _texts * _width;

    /// <summary>The inputs; the caller disposes them before this layout.</summary>
    public OrtValue[] CreateValues() => [.. Enumerable.Range(0, _contract.Inputs.Count).Select(Value)];

    /// <inheritdoc/>
    public void Dispose() => ArrayPool<long>.Shared.Return(_buffer);

    private void Fill<T>(Span<T> buffer, IReadOnlyList<int[]> batch, Func<int, T> number)
    {
        var one = number(1);
        for (var text = 0; text < batch.Count; text++)
        {
            var row = text * _width;
            for (var token = 0; token < batch[text].Length; token++)
            {
                buffer[row + token] = number(batch[text][token]);
                buffer[Size + row + token] = one;
            }
        }
    }

    private OrtValue Value(int place) => _contract.TakesInt32
        ? OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, Int32s(place), [_texts, _width])
        : OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, _buffer.AsMemory(place * Size, Size), [_texts, _width]);

    private Memory<int> Int32s(int place)
    {
        var values = new int[Size]; // foreign files only: a memory of int32 over an array of int64 there isn't
        MemoryMarshal.Cast<long, int>(_buffer.AsSpan()).Slice(place * Size, Size).CopyTo(values);
        return values;
    }
}
