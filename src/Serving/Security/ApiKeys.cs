using System.Security.Cryptography;
using System.Text;
using LoraOnnx.Serving.Models;

namespace LoraOnnx.Serving.Security;

/// <summary>Who a key belongs to, and what it allows: all models, or those that it is bound to.</summary>
internal sealed record ApiKey(string Name, bool IsAdmin, IReadOnlyList<string>? Models = null);

/// <summary>
/// The keys of an API key file: a line <c>ROLE NAME KEY [models=NAME,...]</c> each, role <c>user</c> or <c>admin</c>, models for users only; blank
/// lines and lines with # are skipped.
/// </summary>
internal sealed class ApiKeys
{
    /// <summary>Shortest key; shorter ones can be guessed.</summary>
    private const int ShortestKey = 16;

    private const int LongestName = 64;

    private const string ModelsPrefix = "models=";

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

            if (fields is ["user" or "admin", { Length: <= LongestName } name, { Length: >= ShortestKey } key, .. var rest]
                && !name.Any(char.IsControl) && TryModels(fields[0], rest, out var models))
            {
                keys.Add((new ApiKey(name, fields[0] == "admin", models), Hash(key)));
            }
            else if (++wrongLines <= MostTold)
            {
                wrong(InputException.InLine(file.Path, number,
                    $"is not 'user NAME KEY', 'user NAME KEY models=NAME,...' or 'admin NAME KEY' with a key of at least {ShortestKey} characters "
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

    /// <summary>What follows a key: nothing, or for a user the names of models.</summary>
    private static bool TryModels(string role, string[] rest, out IReadOnlyList<string>? models)
    {
        models = null;
        if (rest.Length == 0)
        {
            return true;
        }

        if (role != "user" || rest is not [var only] || !only.StartsWith(ModelsPrefix, StringComparison.Ordinal))
        {
            return false;
        }

        models = only[ModelsPrefix.Length..].Split(',');
        return models.All(ModelSource.IsName);
    }

    private static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
