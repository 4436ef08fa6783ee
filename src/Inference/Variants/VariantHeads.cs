using LoraOnnx.Kernels;

namespace LoraOnnx.Inference.Variants;

/// <summary>
/// The heads of a whole batch, once all its texts have their states: a head's weights are read once for several texts, whatever their lengths.
/// </summary>
internal sealed unsafe class VariantHeads(int threads)
{
    private readonly PoolWorkers _workers = new(threads);

    /// <summary>Puts the logits of each answer of a variant into its place.</summary>
    /// <param name="rows">The rows and who reads them.</param>
    /// <param name="states">The first token's state of each row [rows, width].</param>
    /// <param name="width">Numbers of a state.</param>
    /// <param name="answers">Where the logits go.</param>
    public void Run(IReadOnlyList<VariantRow> rows, float[] states, int width, float[][] answers)
    {
        var work = rows
            .SelectMany((row, index) => row.Answers.Select(answer => (Row: index, answer.Place, answer.Variant)))
            .Where(asked => asked.Variant is not null)
            .GroupBy(asked => asked.Variant!.Head)
            .SelectMany(group => group.Chunk(VariantHead.RowsAtOnce), (group, some) => (Head: group.Key, Asked: some))
            .ToList();
        fixed (float* first = states)
        {
            var begin = (nint)first;
            _workers.Run(work.Count, item =>
            {
                var (head, asked) = work[item];
                var logits = head.Run([.. asked.Select(each => begin + ((nint)each.Row * width * sizeof(float)))]);
                for (var i = 0; i < asked.Length; i++)
                {
                    answers[asked[i].Place] = logits[i];
                }
            });
        }
    }
}
