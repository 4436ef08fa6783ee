using System.ComponentModel;

namespace LoraOnnx.Tests;

/// <summary>A script of a test with the packages of its lock file, in a folder of artifacts/ where npm installs them once.</summary>
internal static class NodePackages
{
    /// <summary>Copies what <paramref name="source"/> holds beside its packages and returns the folder; skips the calling test where npm cannot
    /// install them.</summary>
    public static string Install(string source, string name)
    {
        var folder = Repository.Path("artifacts", name);
        Directory.CreateDirectory(folder);
        foreach (var file in Directory.GetFiles(source).Where(file => Path.GetExtension(file) is ".js" or ".mjs" or ".json"))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
        }

        var problem = Problem(folder);
        Requirement.SkipUnless(problem is null, $"npm could not install the packages of {source}: {problem}");
        return folder;
    }

    private static string? Problem(string folder)
    {
        var (wanted, present) = (Path.Combine(folder, "package-lock.json"), Path.Combine(folder, "node_modules", ".installed"));
        if (File.Exists(present) && File.ReadAllText(present) == File.ReadAllText(wanted))
        {
            return null;
        }

        try
        {
            var result = Command.Run("npm", ["ci", "--prefix", folder, "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"],
                TimeSpan.FromMinutes(5));
            if (result.ExitCode != 0)
            {
                return result.ToString();
            }

            File.Copy(wanted, present, overwrite: true);
            return null;
        }
        catch (Win32Exception missing)
        {
            return missing.Message;
        }
    }
}
