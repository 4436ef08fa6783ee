using System.Diagnostics;

namespace LoraOnnx.Tests;

/// <summary>
/// Feeds a reader 100,000 inputs or as many as it is told. Each must end in a result or in an <see cref="InputException"/> of a kind that the test
/// lists, within the memory that its size allows; a tenth must be accepted, and each kind of error must occur.
/// </summary>
internal sealed class FuzzRun
{
    private const long FreeMemory = 16 << 20;

    private readonly Mutator _mutator;
    private readonly string[] _kinds;

    /// <param name="mutator">Makes the inputs.</param>
    /// <param name="kinds">A piece of every message that the reader has, one for each branch that throws.</param>
    public FuzzRun(Mutator mutator, params string[] kinds)
    {
        _mutator = mutator;
        _kinds = kinds;
    }

    /// <summary>How many inputs are fed.</summary>
    public int Inputs { get; init; } = 100_000;

    /// <summary>Kinds that happen, but are not sure to: what a damaged packed file unpacks to is chance.</summary>
    public IReadOnlyList<string> MayBeMissed { get; init; } = [];

    public void Check(Action<byte[]> read)
    {
        var clock = Stopwatch.StartNew();
        var (accepted, mostMemory) = (0, 0L);
        var reached = new int[_kinds.Length];
        for (var number = 0; number < Inputs; number++)
        {
            var input = _mutator.Make(number);
            var before = GC.GetAllocatedBytesForCurrentThread();
            if (Try(read, input, number) is { } message)
            {
                Count(message, reached, number);
            }
            else
            {
                accepted++;
            }

            var memory = GC.GetAllocatedBytesForCurrentThread() - before; // all that was ever allocated, so more than what was held at once
            mostMemory = Math.Max(mostMemory, memory);
            Assert.True(memory <= FreeMemory + (8L * input.Length), $"input {number} of {input.Length} bytes took {memory} bytes");
        }

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{Inputs} inputs, {accepted} accepted, {_kinds.Length} kinds of error, "
            + $"at most {mostMemory >> 10} KiB, {clock.Elapsed.TotalSeconds:F1} s");
        Assert.True(accepted >= Inputs / 10, $"only {accepted} of {Inputs} inputs were accepted");
        var missed = _kinds.Where((kind, index) => reached[index] == 0 && !MayBeMissed.Contains(kind)).ToList();
        Assert.True(missed.Count == 0, $"never reached: {string.Join(" | ", missed)}");
    }

    private static string? Try(Action<byte[]> read, byte[] input, int number)
    {
        try
        {
            read(input);
            return null;
        }
        catch (InputException expected)
        {
            return expected.Message;
        }
        catch (Exception unexpected)
        {
            throw new InvalidOperationException($"input {number}: {Convert.ToBase64String(input)}", unexpected);
        }
    }

    private void Count(string message, int[] reached, int number)
    {
        var any = false;
        for (var kind = 0; kind < _kinds.Length; kind++)
        {
            if (message.Contains(_kinds[kind], StringComparison.Ordinal))
            {
                reached[kind]++;
                any = true;
            }
        }

        Assert.True(any, $"input {number}: a kind of error that the test does not list: {message}");
    }
}
