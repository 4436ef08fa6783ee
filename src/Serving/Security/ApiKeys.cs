using System.Security.Cryptography;
using System.Text;

namespace LoraOnnx.Serving.Security;

/// <summary>Who a key belongs to, and what it allows.</summary>
internal sealed record ApiKey(string Name, bool IsAdmin);

/// <summary>The keys of an API key file: a line <c>ROLE NAME KEY</c> each, role <c>user</c> or <c>admin</c>; blank lines and lines with # are
/// skipped.</summary>
internal sealed class ApiKeys
{
    /// <summary>Shortest key; shorter ones can be guessed.</summary>
    private const int ShortestKey = 16;

    private const int LongestName = 64;

    /// <summary>Wrong lines that are told one by one.</summary>
    private const int MostTold = 5;

    private readonly (ApiKey Key, byte[] Hash)[] _keys;

    private ApiKeys((ApiKey Key, byte[] Hash)[] keys) => _keys = keys;

    public int Count => _keys.Length;

    /// <summary>Reads a file of keys: a wrong line is no key, the others hold; a file that is missing or empty lets nobody in.</summary>
    /// <param name="file">The file.</param>
    /// <param name="wrong">Hears of each wrong line, and of a file without keys. No message holds a key.</param>
    public static ApiKeys Read(FileText file, Action<InputException> wrong)
    {
        if (file.Text is not { } text)
        {
            wrong(file.Failure!); // set where there is no text
            return new ApiKeys([]);
        }

        var keys = new List<(ApiKey, byte[])>();
        var (number, wrongLines) = (0, 0);
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            number++;
            var fields = line.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length == 0 || fields[0].StartsWith('#'))
            {
                continue;
            }

            if (fields is ["user" or "admin", { Length: <= LongestName } name, { Length: >= ShortestKey } key] && !name.Any(char.IsControl))
            {
                keys.Add((new ApiKey(name, fields[0] == "admin"), Hash(key)));
            }
            else if (++wrongLines <= MostTold)
            {
                wrong(InputException.InLine(file.Path, number,
                    $"is not 'user NAME KEY' or 'admin NAME KEY' with a key of at least {ShortestKey} characters "
                    + $"and a name of at most {LongestName}."));
            }
        }

        if (wrongLines > MostTold)
        {
            wrong(InputException.InFile(file.Path, $"{wrongLines - MostTold} more lines are wrong, too."));
        }

        if (keys.Count == 0)
        {
            wrong(InputException.InFile(file.Path, "holds no key.", "write lines of 'user NAME KEY' or 'admin NAME KEY'."));
        }

        return new ApiKeys([.. keys]);
    }

    /// <summary>Whose key it is; null for nobody's. Takes the same time for every key: hashes are compared, all of them, in constant time.</summary>
    public ApiKey? Find(string key)
    {
        var hash = Hash(key);
        ApiKey? found = null;
        foreach (var (known, knownHash) in _keys)
        {
            if (CryptographicOperations.FixedTimeEquals(hash, knownHash))
            {
                found = known;
            }
        }

        return found;
    }

    private static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
