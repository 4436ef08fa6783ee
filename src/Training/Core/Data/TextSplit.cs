using LoraOnnx.Model.Sampling;
using LoraOnnx.Texts;
using LoraOnnx.Training.Options;

namespace LoraOnnx.Training.Data;

/// <summary>Which of the texts of --train are trained on, and which are validation texts.</summary>
internal static class TextSplit
{
    /// <summary>Applies --validation, --split, --train-limit and --seed; <paramref name="read"/> reads a validation file. Training texts come in file
    /// order, or in that of the shuffle.</summary>
    public static (IReadOnlyList<LabelledText> Train, IReadOnlyList<LabelledText>? Validation) Take(
        IReadOnlyList<LabelledText> all, TrainingOptions options, Func<string, IReadOnlyList<LabelledText>> read)
    {
        var source = options.Validation is null ? (ValidationSource?)null : ValidationSource.Parse(options.Validation);
        var order = NumpyPermutation.Of(options.Seed, all.Count);
        if (source is not { File: null } counted)
        {
            return (Select(all, order.AsSpan(0, Math.Min(options.TrainLimit ?? int.MaxValue, all.Count))), source is null
                ? null
                : read(source.Value.File!));
        }

        if (options.Split == SplitKind.Stratified)
        {
            var chosen = Stratified(all, order, counted.CountOf(all.Count), options.Per);
            var rest = order.Where(index => !chosen.Contains(index)).Take(options.TrainLimit ?? int.MaxValue).ToArray();
            return (Select(all, rest), [.. Enumerable.Range(0, all.Count).Where(chosen.Contains).Select(index => all[index])]);
        }

        var (train, validation) = Parts(all.Count, options.TrainLimit, counted);
        return ([.. order[..train].Select(index => all[index])], [.. order[train..(train + validation)].Select(index => all[index])]);
    }

    /// <summary>Sizes of the two parts of the shuffle; when the file is too small for both, both shrink alike.</summary>
    private static (int Train, int Validation) Parts(int total, int? limit, ValidationSource source)
    {
        if (limit is { } most && source.Count is { } count && (long)most + count > total)
        {
            var smaller = Math.Max(1, (int)((long)total * count / ((long)most + count)));
            return (total - smaller, smaller);
        }

        var validation = source.CountOf(total);
        return (Math.Min(limit ?? int.MaxValue, total - validation), validation);
    }

    /// <summary>The first texts of every class in <paramref name="order"/>, classes in proportion (largest remainders get what rounding
    /// leaves); of every class of every value where a column is given.</summary>
    private static HashSet<int> Stratified(IReadOnlyList<LabelledText> all, int[] order, int count, string? column)
    {
        var classes = order.GroupBy(index => (string.Join(',', all[index].Labels),
            column is null ? null : all[index].Columns.GetValueOrDefault(column)?.Trim())).Select(group => group.ToArray()).ToList();
        var shares = classes.ConvertAll(group => (double)group.Length * count / all.Count);
        var taken = shares.ConvertAll(share => (int)share);
        foreach (var index in Enumerable.Range(0, classes.Count).OrderByDescending(index => shares[index] - taken[index]).Take(count - taken.Sum())
            .ToList())
        {
            taken[index]++;
        }

        return [.. classes.SelectMany((group, index) => group.Take(taken[index]))];
    }

    private static List<LabelledText> Select(IReadOnlyList<LabelledText> all, ReadOnlySpan<int> chosen)
    {
        var sorted = chosen.ToArray();
        Array.Sort(sorted);
        return [.. sorted.Select(index => all[index])];
    }
}
