using System.Text;

namespace LoraOnnx.Tests;

/// <summary>Makes inputs out of valid ones: seeded, so that a failure can be repeated from its number.</summary>
internal sealed class Mutator
{
    private readonly byte[][] _seeds;
    private readonly byte[][] _words;

    /// <param name="seeds">Inputs to start from; most of them valid.</param>
    /// <param name="words">Pieces of the format that are put in or take the place of a value.</param>
    public Mutator(IEnumerable<byte[]> seeds, IEnumerable<string> words)
    {
        _seeds = [.. seeds];
        _words = [.. words.Select(Encoding.UTF8.GetBytes)];
    }

    /// <summary>The input of a number: one seed, changed in none to three places.</summary>
    public byte[] Make(int number)
    {
        var random = new Random(number);
        var input = new List<byte>(_seeds[number % _seeds.Length]);
        for (var changes = random.Next(4); changes > 0; changes--)
        {
            Change(input, random);
        }

        return [.. input];
    }

    private void Change(List<byte> input, Random random)
    {
        var at = random.Next(input.Count + 1);
        var length = Math.Min(1 + random.Next(1 << random.Next(1, 7)), input.Count - at);
        switch (random.Next(8))
        {
            case 0 when at < input.Count:
                input[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1 when at < input.Count:
                input[at] = (byte)random.Next(256);
                break;
            case 2:
                input.RemoveRange(at, length);
                break;
            case 3:
                input.InsertRange(at, input.GetRange(at, length));
                break;
            case 4:
                input.RemoveRange(at, random.Next(4) == 0 ? input.Count - at : 0);
                break;
            case 5:
                input.InsertRange(at, Word(random));
                break;
            default:
                ReplaceValue(input, random);
                break;
        }
    }

    /// <summary>Puts a word in the place of a value: of what stands between a separator and the next one, brackets and what is in them counted as
    /// one.</summary>
    private void ReplaceValue(List<byte> input, Random random)
    {
        var separators = Enumerable.Range(0, input.Count).Where(index => input[index] is (byte)':' or (byte)',' or (byte)'[').ToList();
        if (separators.Count == 0)
        {
            return;
        }

        var start = separators[random.Next(separators.Count)] + 1;
        var end = start;
        for (var depth = 0; end < input.Count && (depth > 0 || input[end] is not ((byte)',' or (byte)']' or (byte)'}' or (byte)'\n')); end++)
        {
            depth += input[end] is (byte)'[' or (byte)'{' ? 1 : input[end] is (byte)']' or (byte)'}' ? -1 : 0;
        }

        input.RemoveRange(start, end - start);
        input.InsertRange(start, Word(random));
    }

    private byte[] Word(Random random) => _words[random.Next(_words.Length)];
}
