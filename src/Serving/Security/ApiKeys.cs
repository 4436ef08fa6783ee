using System.Security.Cryptography;
using System.Text;

namespace LoraOnnx.Serving.Security;

/// <summary>What a key allows.</summary>
internal enum KeyRole
{
    /// <summary>Nothing: unknown.</summary>
    None,

    /// <summary>Every call but the administrative ones.</summary>
    User,

    /// <summary>Every call.</summary>
    Admin,
}

/// <summary>The keys of an API key file: a line <c>ROLE NAME KEY</c> each, role <c>user</c> or <c>admin</c>; blank lines and lines with # are skipped.</summary>
internal sealed class ApiKeys
{
    /// <summary>Shortest key; shorter ones can be guessed.</summary>
    private const int ShortestKey = 16;

    private readonly (KeyRole Role, byte[] Hash)[] _keys;

    private ApiKeys((KeyRole Role, byte[] Hash)[] keys) => _keys = keys;

    /// <summary>Reads a file of keys.</summary>
    /// <exception cref="InputException">The file cannot be read, a line is malformed, or there is no key. The message never holds a key.</exception>
    public static ApiKeys Load(string path)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw InputException.Unreadable(path, failure);
        }

        var keys = new List<(KeyRole, byte[])>();
        for (var i = 0; i < lines.Length; i++)
        {
            var fields = lines[i].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length == 0 || fields[0].StartsWith('#'))
            {
                continue;
            }

            var role = fields[0] switch { "user" => KeyRole.User, "admin" => KeyRole.Admin, _ => KeyRole.None };
            if (fields.Length != 3 || role == KeyRole.None || fields[2].Length < ShortestKey)
            {
                throw InputException.InLine(path, i + 1, $"is not 'user NAME KEY' or 'admin NAME KEY' with a key of at least {ShortestKey} characters.");
            }

            keys.Add((role, Hash(fields[2])));
        }

        return keys.Count > 0 ? new ApiKeys([.. keys]) : throw InputException.InFile(path, "holds no key.", "write lines of 'user NAME KEY' or 'admin NAME KEY'.");
    }

    /// <summary>What a key allows. Takes the same time for every key: hashes are compared, all of them, in constant time.</summary>
    public KeyRole RoleOf(string key)
    {
        var hash = Hash(key);
        var role = KeyRole.None;
        foreach (var (knownRole, knownHash) in _keys)
        {
            if (CryptographicOperations.FixedTimeEquals(hash, knownHash))
            {
                role = knownRole;
            }
        }

        return role;
    }

    private static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
