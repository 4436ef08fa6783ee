using System.Diagnostics;
using System.Text;

namespace LoraOnnx.Files.Tests.Attacks;

/// <summary>
/// Names of up to 2 MiB with all that steers a terminal, in every kind of error: what is shown is short and has no control character.
/// </summary>
public sealed class HostileNamesTests
{
    private const int Rounds = 2_000;

    [Fact]
    public void No_error_is_long_or_steers_a_terminal()
    {
        var random = new Random(1);
        string[] pieces = ["\u001b[31m", "\a", "\r", "\n", "\0", "\u2028", "\u202e", "\u009b2J", "\u007f", "\ud83d", "🎬", "layer.", "'", "{0}"];
        var (messages, longest, watch) = (0, 0, Stopwatch.StartNew());
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < Rounds; round++)
        {
            var piece = pieces[random.Next(pieces.Length)] + pieces[random.Next(pieces.Length)];
            var length = round % 100 == 0 ? 2 << 20 : random.Next(1, 2000);
            var name = string.Concat(Enumerable.Repeat(piece, length / piece.Length + 1));
            foreach (var error in new[]
            {
                new InputException(name),
                InputException.InFile(name, $"tensor '{name}' is [{random.Next()}].", $"remove '{name}'."),
                InputException.InLine(name, round, $"column '{name}' and {name}."),
                InputException.Unreadable(name, new IOException(name)),
                InputException.Unwritable(name, new IOException(name)),
            })
            {
                foreach (var shown in new[] { error.Message, error.Hint ?? "" })
                {
                    messages++;
                    longest = Math.Max(longest, shown.Length);
                    Assert.DoesNotContain(shown, letter => char.IsControl(letter) || letter is '\u2028' or '\u202e');
                    Assert.DoesNotContain(shown.EnumerateRunes(), rune => rune == Rune.ReplacementChar); // half a character
                }
            }
        }

        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{messages} messages, the longest of {longest} characters, {allocated >> 20} MiB allocated, {watch.Elapsed.TotalSeconds:0.0} s");
        Assert.InRange(longest, 1, 2 * ErrorText.MostCharacters + 20); // a path, a line, and what is wrong
    }
}
