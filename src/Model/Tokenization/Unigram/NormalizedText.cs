using System.Buffers;

namespace LoraOnnx.Model.Tokenization.Unigram;

/// <summary>A stretch of text while it is normalized: UTF-16 units, each with the place that it came from. In pooled arrays.</summary>
/// <remarks>The unit at 0 is free, for a mark that is put before the text; the text begins at 1.</remarks>
internal sealed class NormalizedText : IDisposable
{
    /// <summary>Where the text begins.</summary>
    public const int First = 1;

    private char[] _units = [];
    private int[] _starts = [];
    private int[] _ends = [];

    /// <summary>One past the last unit.</summary>
    public int End { get; set; } = First;

    public Span<char> Units => _units;

    public Span<int> Starts => _starts;

    public Span<int> Ends => _ends;

    /// <summary>The text, without the free unit.</summary>
    public ReadOnlySpan<char> Text => _units.AsSpan(First, End - First);

    /// <summary>Takes a part of a text as it is.</summary>
    public void Fill(ReadOnlySpan<char> text, int shift)
    {
        Reserve(text.Length + First);
        text.CopyTo(_units.AsSpan(First));
        for (var index = 0; index < text.Length; index++)
        {
            var isHigh = index + 1 < text.Length && char.IsSurrogatePair(text[index], text[index + 1]);
            (_starts[First + index], _ends[First + index]) = (shift + index, shift + index + (isHigh ? 2 : 1));
            if (isHigh)
            {
                index++; // both halves have the place of the whole
                (_starts[First + index], _ends[First + index]) = (shift + index - 1, shift + index + 1);
            }
        }

        End = First + text.Length;
    }

    /// <summary>Adds a unit at the end.</summary>
    public void Append(char unit, int start, int end)
    {
        Reserve(End + 1);
        (_units[End], _starts[End], _ends[End]) = (unit, start, end);
        End++;
    }

    public void Clear() => End = First;

    /// <summary>Begins anew, with arrays of the pool, which <see cref="Dispose"/> gives back.</summary>
    public void Open()
    {
        _units = ArrayPool<char>.Shared.Rent(256);
        _starts = ArrayPool<int>.Shared.Rent(256);
        _ends = ArrayPool<int>.Shared.Rent(256);
        End = First;
    }

    public void Dispose()
    {
        ArrayPool<char>.Shared.Return(_units);
        ArrayPool<int>.Shared.Return(_starts);
        ArrayPool<int>.Shared.Return(_ends);
        (_units, _starts, _ends) = ([], [], []);
    }

    private void Reserve(int length)
    {
        if (length <= Math.Min(_units.Length, Math.Min(_starts.Length, _ends.Length)))
        {
            return;
        }

        Grow(ref _units, length);
        Grow(ref _starts, length);
        Grow(ref _ends, length);
    }

    private void Grow<T>(ref T[] array, int length)
    {
        var longer = ArrayPool<T>.Shared.Rent(Math.Max(length, 2 * array.Length));
        array.AsSpan(0, End).CopyTo(longer);
        ArrayPool<T>.Shared.Return(array);
        array = longer;
    }
}
