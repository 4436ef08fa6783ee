namespace LoraOnnx.Model.Tokenization.Unicode;

/// <summary>A value for each Unicode code point, in pages of 256; pages without any value are shared.</summary>
internal sealed class PagedTable<T>
    where T : struct
{
    private const int PageBits = 8;
    private static readonly T[] _empty = new T[1 << PageBits];
    private readonly T[][] _pages = new T[0x110000 >> PageBits][];

    public PagedTable() => Array.Fill(_pages, _empty);

    public T this[int codePoint]
    {
        get => _pages[codePoint >> PageBits][codePoint & ((1 << PageBits) - 1)];
        set
        {
            ref var page = ref _pages[codePoint >> PageBits];
            if (page == _empty)
            {
                page = new T[1 << PageBits];
            }

            page[codePoint & ((1 << PageBits) - 1)] = value;
        }
    }

    public void Fill((int First, int Last) range, T value)
    {
        for (var codePoint = range.First; codePoint <= range.Last; codePoint++)
        {
            this[codePoint] = value;
        }
    }
}
