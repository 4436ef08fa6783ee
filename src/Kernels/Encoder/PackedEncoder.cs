using System.Collections.Concurrent;
using LoraOnnx.Kernels.Attention;

namespace LoraOnnx.Kernels.Encoder;

/// <summary>
/// All blocks of an encoder over texts that lie end to end, without padding; the last asks for first tokens only. Each text's result has the same
/// bits alone and among others, on any number of threads. May be run by several callers at once; space is used again.
/// </summary>
public sealed unsafe class PackedEncoder
{
    /// <summary>
    /// Numbers of a block's input beyond which texts are read in two or more parts: with 7 MiB what one stage writes is still in the third-level
    /// cache when the next reads it.
    /// </summary>
    private const int MostNumbers = 1_800_000;

    private readonly ConcurrentQueue<EncoderRun> _spare = new();
    private readonly IReadOnlyList<PackedBlock> _layers;
    private readonly PackedAttention _attention;

    internal PackedEncoder(IReadOnlyList<PackedBlock> layers, PackedAttention attention) => (_layers, _attention) = (layers, attention);

    /// <summary>Numbers of a row.</summary>
    public int Width => _attention.Width;

    /// <summary>Reads the rows of all tokens and writes one of each text, its first token's.</summary>
    /// <param name="x">Embeddings [tokens, width].</param>
    /// <param name="lengths">Tokens of each text, all at least 1.</param>
    /// <param name="texts">How many texts.</param>
    /// <param name="result">[texts, width].</param>
    /// <param name="workers">Who works.</param>
    /// <param name="changes">What adapters change in each block; null: nothing.</param>
    public void Run(float* x, int* lengths, int texts, float* result, IWorkers workers, IReadOnlyList<BlockChanges>? changes = null)
    {
        ArgumentNullException.ThrowIfNull(workers);
        var run = _spare.TryDequeue(out var spare) ? spare : new EncoderRun(_layers, _attention);
        var tokens = 0L;
        for (var text = 0; text < texts; text++)
        {
            tokens += lengths[text];
        }

        var parts = changes is null ? Math.Max(1, tokens * Width / MostNumbers) : 1; // changes know rows by their number in the whole run
        for (nint text = 0, row = 0; text < texts;)
        {
            var (first, start) = (text, row);
            do
            {
                row += lengths[text++];
            }
            while (text < texts && (row - start) * parts < tokens);

            run.Run(x + (start * Width), lengths + first, (int)(text - first), result + (first * Width), workers, changes);
        }

        _spare.Enqueue(run); // one that failed is left to the garbage collector
    }
}
