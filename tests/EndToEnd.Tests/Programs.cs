namespace LoraOnnx.EndToEnd.Tests;

/// <summary>The four programs, called as a user calls them.</summary>
internal static class Programs
{
    public static string DemoModel => Repository.Path("models", "demo");

    /// <summary>Runs a program of <c>bin/</c>, whatever its exit code.</summary>
    public static CommandResult Run(string program, params string[] arguments) =>
        Command.Run(Repository.Path("bin", program), arguments, TimeSpan.FromMinutes(5));

    /// <summary>Runs a program that must succeed.</summary>
    public static CommandResult Succeed(string program, params string[] arguments)
    {
        var result = Run(program, arguments);
        Assert.True(result.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {result}");
        return result;
    }
}
