using System.CommandLine;

namespace LoraOnnx.CommandLine;

/// <summary>What several programs ask for in the same words.</summary>
public static class SharedOptions
{
    private const string ApiKeyVariable = "LORA_SERVE_API_KEY";

    /// <summary>--api-key.</summary>
    public static Option<string?> ApiKey() => new("--api-key")
    {
        HelpName = "KEY",
        Description = $"API key of the server. [default: the environment variable {ApiKeyVariable}]",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable(ApiKeyVariable),
    };

    /// <summary>--threads, of programs that do one thing at a time.</summary>
    /// <param name="independent">What does not depend on it, such as <c>The scores do</c>.</param>
    public static Option<int> Threads(string independent) => new("--threads")
    {
        Description = $"Threads that compute; 0: all cores the process may use. {independent} not depend on it.",
        DefaultValueFactory = _ => 0,
    };

    /// <summary>--bom.</summary>
    public static Option<bool> ByteOrderMark() => new("--bom")
    {
        Description = "Begin CSV files with a byte order mark, by which Excel knows UTF-8.",
    };

    /// <summary>Takes these words alone, and shows them in this order.</summary>
    public static Option<T> OneOf<T>(this Option<T> option, params IReadOnlyList<string> words)
    {
        ArgumentNullException.ThrowIfNull(option);
        ArgumentNullException.ThrowIfNull(words);
        option.HelpName = string.Join('|', words);
        option.CompletionSources.Add([.. words]);
        option.Validators.Add(result =>
        {
            foreach (var wrong in result.Tokens.Select(token => token.Value).Where(word => !words.Contains(word)))
            {
                result.AddError($"{option.Name} is '{wrong}', expected one of {string.Join(", ", words)}.");
            }
        });
        return option;
    }
}
