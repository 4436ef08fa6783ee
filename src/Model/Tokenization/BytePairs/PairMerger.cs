using System.Buffers;

namespace LoraOnnx.Model.Tokenization.BytePairs;

/// <summary>Merges the pieces of one word: always the pair of the lowest rank, of several the first.</summary>
internal static class PairMerger
{
    /// <summary>Up to so many pieces all pairs are looked at for each merge; beyond, a queue keeps the time in check.</summary>
    public const int ShortWord = 64;

    /// <param name="merges">The ranks.</param>
    /// <param name="ids">The pieces; what is left of them afterwards stands at the beginning.</param>
    /// <param name="ends">Where each piece ends in the word, likewise.</param>
    /// <returns>How many are left.</returns>
    public static int Merge(MergeTable merges, Span<int> ids, Span<int> ends) =>
        ids.Length <= ShortWord ? MergeShort(merges, ids, ends) : MergeLong(merges, ids, ends);

    public static int MergeShort(MergeTable merges, Span<int> ids, Span<int> ends)
    {
        Span<int> ranks = stackalloc int[ShortWord];
        Span<int> results = stackalloc int[ShortWord];
        var count = ids.Length;
        for (var index = 0; index + 1 < count; index++)
        {
            ranks[index] = merges.Rank(ids[index], ids[index + 1], out results[index]);
        }

        while (count > 1)
        {
            var (best, at) = (MergeTable.None, -1);
            for (var index = 0; index + 1 < count; index++)
            {
                (best, at) = ranks[index] < best ? (ranks[index], index) : (best, at);
            }

            if (at < 0)
            {
                break;
            }

            ids[at] = results[at];
            ends[at] = ends[at + 1];
            ids[(at + 2)..count].CopyTo(ids[(at + 1)..]);
            ends[(at + 2)..count].CopyTo(ends[(at + 1)..]);
            ranks[(at + 2)..count].CopyTo(ranks[(at + 1)..]);
            results[(at + 2)..count].CopyTo(results[(at + 1)..]);
            count--;
            if (at + 1 < count)
            {
                ranks[at] = merges.Rank(ids[at], ids[at + 1], out results[at]);
            }

            if (at > 0)
            {
                ranks[at - 1] = merges.Rank(ids[at - 1], ids[at], out results[at - 1]);
            }
        }

        return count;
    }

    /// <summary>The same with a queue of pairs; pieces that were merged away have the id -1.</summary>
    public static int MergeLong(MergeTable merges, Span<int> ids, Span<int> ends)
    {
        var links = ArrayPool<int>.Shared.Rent(2 * ids.Length);
        var next = links.AsSpan(0, ids.Length);
        var previous = links.AsSpan(ids.Length, ids.Length);
        var queue = PerThread<PriorityQueue<(int At, int Right, int Result), (int Rank, int At)>>.Take();
        for (var index = 0; index < ids.Length; index++)
        {
            (previous[index], next[index]) = (index - 1, index + 1 < ids.Length ? index + 1 : -1);
        }

        for (var index = 0; index + 1 < ids.Length; index++)
        {
            Offer(merges, queue, ids, index, index + 1);
        }

        while (queue.TryDequeue(out var pair, out var order))
        {
            var right = next[pair.At];
            if (ids[pair.At] < 0 || right < 0 || right != pair.Right || merges.Rank(ids[pair.At], ids[right], out _) != order.Rank)
            {
                continue; // one of the two was merged with another one since
            }

            ids[pair.At] = pair.Result;
            ends[pair.At] = ends[right];
            ids[right] = -1;
            next[pair.At] = next[right];
            if (next[right] >= 0)
            {
                previous[next[right]] = pair.At;
                Offer(merges, queue, ids, pair.At, next[pair.At]);
            }

            if (previous[pair.At] >= 0)
            {
                Offer(merges, queue, ids, previous[pair.At], pair.At);
            }
        }

        var count = 0;
        for (var index = ids.IsEmpty ? -1 : 0; index >= 0; index = next[index])
        {
            (ids[count], ends[count++]) = (ids[index], ends[index]);
        }

        ArrayPool<int>.Shared.Return(links);
        PerThread<PriorityQueue<(int At, int Right, int Result), (int Rank, int At)>>.Return(queue); // empty
        return count;
    }

    private static void Offer(MergeTable merges, PriorityQueue<(int At, int Right, int Result), (int Rank, int At)> queue, Span<int> ids, int left,
        int right)
    {
        var rank = merges.Rank(ids[left], ids[right], out var result);
        if (rank != MergeTable.None)
        {
            queue.Enqueue((left, right, result), (rank, left));
        }
    }
}
