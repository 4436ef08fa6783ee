using System.Diagnostics;
using System.Globalization;

namespace LoraOnnx.Deploy.Tests.Image;

/// <summary>Programs run by as-the-image.sh: without a container engine, as a container would run them.</summary>
internal static class Confined
{
    public const int Mebibytes = 384;

    private static string Script => Repository.Path("tests", "Deploy.Tests", "Image", "as-the-image.sh");

    public static Process Start(string published, string models, IEnumerable<string> command)
    {
        Requirement.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root", "only root may make mounts and a root of its own.");
        return Command.Start(Script, Arguments(published, models, command));
    }

    public static CommandResult Run(string published, string models, IEnumerable<string> command) =>
        Command.Run(Script, Arguments(published, models, command));

    /// <summary>The program itself, below the process that holds the mounts.</summary>
    public static int ProgramOf(Process confined)
    {
        var id = confined.Id.ToString(CultureInfo.InvariantCulture);
        return int.Parse(File.ReadAllText($"/proc/{id}/task/{id}/children").Trim(), CultureInfo.InvariantCulture);
    }

    private static string[] Arguments(string published, string models, IEnumerable<string> command) =>
        [published, models, Mebibytes.ToString(CultureInfo.InvariantCulture), .. command];
}
