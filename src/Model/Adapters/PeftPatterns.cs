using System.Text.RegularExpressions;

namespace LoraOnnx.Model.Adapters;

/// <summary>
/// <c>rank_pattern</c> or <c>alpha_pattern</c>: a module has the value of the first pattern that matches the end of its name, or its whole name
/// word for word; else the general value.
/// </summary>
internal sealed class PeftPatterns<T>(string path, string key, IReadOnlyList<(string Pattern, T Value)> entries, T general)
{
    private readonly Regex[] _patterns = [.. entries.Select(entry => PythonPattern.Compile(path, key, entry.Pattern, @"\A(.*\.)?(", ")$"))];
    private readonly bool[] _matched = new bool[entries.Count];

    public T Of(string module)
    {
        var first = -1;
        foreach (var (index, pattern) in _patterns.Index())
        {
            if (PythonPattern.MatchOf(pattern, path, key, module).Success)
            {
                _matched[index] = true;
                first = first < 0 ? index : first;
            }
        }

        foreach (var (index, (pattern, _)) in entries.Index())
        {
            if (pattern == module)
            {
                _matched[index] = true;
                first = first < 0 ? index : first;
            }
        }

        return first < 0 ? general : entries[first].Value;
    }

    /// <summary>A line for each pattern that matched no module asked for: a misspelt one makes another adapter than was meant.</summary>
    public IEnumerable<string> Idle() => entries.Index().Where(entry => !_matched[entry.Index])
        .Select(entry => $"{path}: '{key}' has the pattern '{VisibleText.Of(entry.Item.Pattern)}', which matches none of the adapted modules.");
}
