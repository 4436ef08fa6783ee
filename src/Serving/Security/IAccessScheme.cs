using System.CommandLine;
using System.CommandLine.Parsing;
using Microsoft.AspNetCore.Authentication;

namespace LoraOnnx.Serving.Security;

/// <summary>One way for callers to say who they are. Where there is any, every caller must say it one way or another.</summary>
internal interface IAccessScheme
{
    /// <summary>Of the authentication scheme.</summary>
    string Name { get; }

    /// <summary>What a caller without it is told to show.</summary>
    string Expects { get; }

    /// <summary>What it is called in <c>WWW-Authenticate</c>.</summary>
    string Challenge { get; }

    /// <summary>Registers the handler, which makes an <see cref="Access.Caller"/> of a request's credentials.</summary>
    void Add(AuthenticationBuilder authentication);

    /// <summary>Reads what it needs, before models are loaded.</summary>
    /// <exception cref="InputException">It cannot be had.</exception>
    Task PrepareAsync(IServiceProvider services, CancellationToken cancellationToken);
}

/// <summary>The options of a scheme, and the scheme that they ask for.</summary>
/// <param name="Options">For the command line.</param>
/// <param name="Read">The scheme, or null when it was not asked for.</param>
/// <param name="Check">Finds options that do not go together.</param>
internal sealed record AccessArguments(IReadOnlyList<Option> Options, Func<ParseResult, IAccessScheme?> Read, Action<CommandResult>? Check = null);
