namespace LoraOnnx.Training.Steps;

/// <summary>
/// Which texts make which step. Every epoch has every text once, in an order that the seed and the epoch's number decide: shuffled, cut into windows,
/// sorted by length inside a window so that a batch has texts of like length, and the batches shuffled again.
/// </summary>
internal sealed class StepPlan
{
    /// <summary>Batches in a window: more gives batches of more equal lengths, fewer gives more random ones.</summary>
    private const int WindowBatches = 8;

    /// <summary>A batch of more tokens is computed in parts, so that memory has a bound whatever its size: DistilBERT-base fits 3 GiB. Larger parts
    /// are no faster.</summary>
    private const int MaxPartTokens = 4096;

    private readonly int[] _lengths;
    private readonly BatchSize _batch;
    private readonly int _accumulation;
    private readonly ulong _seed;
    private readonly int[][]? _classes;

    /// <summary>Plans over texts of the given lengths in tokens.</summary>
    /// <param name="lengths">Tokens of each text.</param>
    /// <param name="batch">How large a batch is.</param>
    /// <param name="accumulation">Batches that make a step.</param>
    /// <param name="seed">Decides all orders.</param>
    /// <param name="classes">The texts of each class, to be drawn equally often; null: every text once.</param>
    public StepPlan(IEnumerable<int> lengths, BatchSize batch, int accumulation, ulong seed, int[][]? classes = null)
    {
        _classes = classes;
        _lengths = [.. lengths];
        _batch = batch;
        _accumulation = accumulation;
        _seed = seed;
    }

    /// <summary>The steps of an epoch (counted from 0), each a list of parts, each a list of text indices; a step's gradient is the mean over all its
    /// texts.</summary>
    public IReadOnlyList<IReadOnlyList<int[]>> Epoch(int epoch)
    {
        var order = Shuffle.Permutation(SeedOf(epoch, 1), _lengths.Length);
        if (_classes is not null)
        {
            order = Balanced(epoch, order);
        }

        var batches = Windows(order).SelectMany(Batches).ToList();
        var shuffled = Shuffle.Permutation(SeedOf(epoch, 2), batches.Count).Select(index => batches[index]);
        return [.. shuffled.Chunk(_accumulation).Select(step => (IReadOnlyList<int[]>)[.. step.SelectMany(Parts)])];
    }

    /// <summary>As many texts as there are, in turns from every class: its texts in the epoch's order, begun anew where they end. Each epoch begins
    /// at another class, so that what does not divide evenly is not always the same.</summary>
    private int[] Balanced(int epoch, int[] order)
    {
        var rank = new int[order.Length];
        for (var place = 0; place < order.Length; place++)
        {
            rank[order[place]] = place;
        }

        int[][] queues = [.. _classes!.Where(texts => texts.Length > 0).Select(texts => texts.OrderBy(text => rank[text]).ToArray())]; // asked for
        var drawn = Enumerable.Range(0, order.Length).Select(place => (queues[(place + epoch) % queues.Length], Round: place / queues.Length))
            .ToArray();
        int[] texts = [.. drawn.Select(draw => draw.Item1[draw.Round % draw.Item1.Length])];
        return [.. Shuffle.Permutation(SeedOf(epoch, 3), texts.Length).Select(place => texts[place])];
    }

    private ulong SeedOf(int epoch, ulong use) => unchecked(_seed + ((ulong)epoch * 1_000_003) + use);

    /// <summary>Texts in the order of their lengths, longest first, in batches of up to <see cref="MaxPartTokens"/>: for evaluation, where order does
    /// not matter.</summary>
    public static IEnumerable<int[]> ByLength(IReadOnlyList<int> lengths) =>
        Cut([.. Enumerable.Range(0, lengths.Count).OrderByDescending(index => lengths[index])], lengths, new BatchSize(null, MaxPartTokens));

    private IEnumerable<int[]> Windows(int[] order)
    {
        // Tokens become texts by the mean length, so that a window holds the same number of batches either way.
        var texts = _batch.Texts ?? (int)Math.Max(1, _batch.Tokens!.Value / _lengths.Average());
        return order.Chunk((int)Math.Min(int.MaxValue, (long)texts * WindowBatches));
    }

    private IEnumerable<int[]> Batches(int[] window)
    {
        Array.Sort(window, (left, right) => _lengths[left] != _lengths[right] ? _lengths[left].CompareTo(_lengths[right]) : left.CompareTo(right));
        return Cut(window, _lengths, _batch);
    }

    private IEnumerable<int[]> Parts(int[] batch) => Cut(batch, _lengths, new BatchSize(null, MaxPartTokens));

    private static IEnumerable<int[]> Cut(int[] texts, IReadOnlyList<int> lengths, BatchSize size)
    {
        var start = 0;
        var tokens = 0L;
        for (var end = 0; end < texts.Length; end++)
        {
            if (end > start && (end - start >= size.Texts || tokens + lengths[texts[end]] > size.Tokens))
            {
                yield return texts[start..end];
                (start, tokens) = (end, 0);
            }

            tokens += lengths[texts[end]];
        }

        yield return texts[start..];
    }
}

/// <summary>How large a batch is: a number of texts, or of tokens (a longer text is a batch of its own).</summary>
internal readonly record struct BatchSize(int? Texts, int? Tokens);
