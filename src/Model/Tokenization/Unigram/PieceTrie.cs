namespace LoraOnnx.Model.Tokenization.Unigram;

/// <summary>All pieces that a text begins with, found a unit at a time. Immutable; the edges lie in one open-addressed table.</summary>
internal sealed class PieceTrie
{
    public const int Root = 0;

    private readonly List<int> _ids = [-1];
    private readonly int[] _first = new int[1 << 16]; // the root's edges
    private Edge[] _table = new Edge[1 << 12];
    private int _edges;

    /// <param name="pieces">Texts and ids; of two equal ones the later counts.</param>
    public PieceTrie(IReadOnlyList<(string Text, int Id)> pieces)
    {
        foreach (var (text, id) in pieces)
        {
            var node = Root;
            foreach (var unit in text)
            {
                node = ChildOrNew(node, unit);
            }

            _ids[node] = node == Root ? -1 : id;
        }
    }

    /// <summary>The piece that ends at a node, or -1.</summary>
    public int IdAt(int node) => _ids[node];

    /// <summary>One unit on; -1 where no piece goes on so.</summary>
    public int Child(int node, char unit)
    {
        if (node == Root)
        {
            return _first[unit] == 0 ? -1 : _first[unit];
        }

        var key = ((ulong)(uint)node << 16) | unit;
        for (var slot = SlotOf(key); _table[slot].Key != 0; slot = (slot + 1) & (_table.Length - 1))
        {
            if (_table[slot].Key == key)
            {
                return _table[slot].Child;
            }
        }

        return -1;
    }

    private int ChildOrNew(int node, char unit)
    {
        if (Child(node, unit) is >= 0 and var known)
        {
            return known;
        }

        var child = _ids.Count;
        _ids.Add(-1);
        if (node == Root)
        {
            _first[unit] = child;
        }
        else
        {
            if (++_edges > _table.Length / 2)
            {
                Grow();
            }

            Put(((ulong)(uint)node << 16) | unit, child);
        }

        return child;
    }

    private void Put(ulong key, int child)
    {
        var slot = SlotOf(key);
        while (_table[slot].Key != 0)
        {
            slot = (slot + 1) & (_table.Length - 1);
        }

        _table[slot] = new Edge(key, child);
    }

    private void Grow()
    {
        var edges = _table;
        _table = new Edge[2 * edges.Length];
        foreach (var edge in edges)
        {
            if (edge.Key != 0)
            {
                Put(edge.Key, edge.Child);
            }
        }
    }

    private int SlotOf(ulong key) => (int)((key * 0x9E3779B97F4A7C15) >> (64 - int.Log2(_table.Length)));

    /// <summary>From a node by a unit to a child; the key 0 is a free slot, as no edge leads from the root here.</summary>
    private readonly record struct Edge(ulong Key, int Child);
}
