using System.Buffers;

namespace LoraOnnx.Model.Tokenization;

/// <summary>A text without its lone surrogates, which UTF-8 cannot hold: they are left out, and places are those of the whole text.</summary>
internal static class WholeText
{
    /// <summary>Reads a text with a model that takes no lone surrogates.</summary>
    public static void Read(IPieceModel model, ReadOnlySpan<char> text, TokenSink sink)
    {
        var first = FirstLone(text, 0);
        if (first < 0)
        {
            model.Read(text, sink);
            return;
        }

        var units = ArrayPool<char>.Shared.Rent(text.Length);
        var places = ArrayPool<int>.Shared.Rent(text.Length + 1);
        var (length, from) = (0, 0);
        for (var lone = first; ; lone = FirstLone(text, from))
        {
            var to = lone < 0 ? text.Length : lone;
            for (; from < to; from++)
            {
                (units[length], places[length++]) = (text[from], from);
            }

            if (lone < 0)
            {
                break;
            }

            from++;
        }

        places[length] = text.Length;
        model.Read(units.AsSpan(0, length), sink);
        sink.Move(places);
        ArrayPool<char>.Shared.Return(units);
        ArrayPool<int>.Shared.Return(places);
    }

    private static int FirstLone(ReadOnlySpan<char> text, int from)
    {
        while (text[from..].IndexOfAnyInRange('\uD800', '\uDFFF') is >= 0 and var next)
        {
            from += next;
            if (from + 1 == text.Length || !char.IsSurrogatePair(text[from], text[from + 1]))
            {
                return from;
            }

            from += 2;
        }

        return -1;
    }
}
