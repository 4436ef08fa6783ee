using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using LoraOnnx.Model.Tokenization.BytePairs;
using LoraOnnx.Model.Tokenization.Unigram;
using LoraOnnx.Model.Tokenization.WordPiece;

namespace LoraOnnx.Model.Tokenization;

/// <summary>SHA-256 over what decides the ids: vocabulary, options, special and added tokens.</summary>
internal static class TokenizerIdentity
{
    public static string Hash(TokenizerFiles files, WordPieceOptions options) => Hash(files, hash =>
        hash.Add($"{options.Normalizer}\n{options.ContinuingPrefix}\n{options.LongestWord}\n"));

    public static string Hash(TokenizerFiles files, BytePairFiles options) => Hash(files, hash =>
    {
        hash.Add($"byte pairs {options.AddPrefixSpace} {options.UnknownId} {options.FusesUnknown} {options.IgnoresMerges}\n");
        foreach (var (left, right, _) in options.Merges)
        {
            hash.Add(left, right);
        }
    });

    public static string Hash(TokenizerFiles files, UnigramFiles options) => Hash(files, hash =>
    {
        hash.Add($"unigram {options.Mark} {options.UnknownId}\n");
        foreach (var step in options.Steps)
        {
            hash.Add($"{step.Identity}\n");
        }

        foreach (var score in files.Scores)
        {
            hash.Add(BitConverter.DoubleToInt64Bits(score));
        }
    });

    private static string Hash(TokenizerFiles files, Action<Lines> options)
    {
        using var lines = new Lines();
        options(lines);
        var frame = files.Frame;
        lines.Add($"{frame?.First ?? files.SpecialId("cls_token")} {frame?.Last ?? files.SpecialId("sep_token")} {files.SpecialId("unk_token")}\n");
        foreach (var (text, id) in files.Pieces.Concat(files.Added.Ids.OrderBy(token => token.Value).Select(token => (token.Key, token.Value))))
        {
            lines.Add(id, text);
        }

        foreach (var (text, rules) in files.Added.Rules.Where(token => token.Value != AddedTokenRules.None)
            .OrderBy(token => token.Key, StringComparer.Ordinal))
        {
            lines.Add($"{text} {(int)rules}\n");
        }

        foreach (var (text, _, _) in files.Added.Normalized.OrderBy(token => token.Text, StringComparer.Ordinal))
        {
            lines.Add($"{text} normalized\n");
        }

        return lines.Finish();
    }

    /// <summary>Collects lines and hashes many at once.</summary>
    private sealed class Lines : IDisposable
    {
        private const int Enough = 1 << 16;

        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private readonly ArrayBufferWriter<byte> _bytes = new(2 * Enough);

        public void Add(string line)
        {
            Encoding.UTF8.GetBytes(line, _bytes);
            Flush(Enough);
        }

        public void Add(int id, string text)
        {
            Add((long)id);
            Encoding.UTF8.GetBytes(" ", _bytes);
            Encoding.UTF8.GetBytes(text, _bytes);
            Add("\n");
        }

        public void Add(int left, int right) => Add($"{left} {right}\n");

        public void Add(long number)
        {
            number.TryFormat(_bytes.GetSpan(20), out var written, provider: System.Globalization.CultureInfo.InvariantCulture);
            _bytes.Advance(written);
            Flush(Enough);
        }

        public string Finish()
        {
            Flush(0);
            return Convert.ToHexStringLower(_hash.GetHashAndReset());
        }

        public void Dispose() => _hash.Dispose();

        private void Flush(int above)
        {
            if (_bytes.WrittenCount > above)
            {
                _hash.AppendData(_bytes.WrittenSpan);
                _bytes.ResetWrittenCount();
            }
        }
    }
}
