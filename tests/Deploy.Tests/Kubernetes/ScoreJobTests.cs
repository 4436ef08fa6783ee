using System.Diagnostics;
using k8s.Models;

namespace LoraOnnx.Deploy.Tests.Kubernetes;

/// <summary>deploy/kubernetes/score without a cluster: what its pods would run.</summary>
public sealed class ScoreJobTests(ScoreBench bench)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Four_indexes_of_which_one_was_killed_make_the_file_of_one_process()
    {
        var job = Manifests.Load<V1Job>("score", "job.yaml");
        var join = Manifests.Load<V1Job>("score", "join", "job.yaml");
        var folder = bench.Folder("kubernetes");
        Assert.Equal("Indexed", job.Spec.CompletionMode);

        Process[] pods = [.. Enumerable.Range(0, 4).Select(index => Start(job, folder, index))];
        Assert.Equal(pods.Length, job.Spec.Completions);
        ScoreBench.WaitForAChunk(Path.Combine(folder, "scored-3-of-4.parquet"), () => pods[2].HasExited);
        pods[2].Kill();
        await pods[2].WaitForExitAsync(Cancel);
        using var again = Start(job, folder, 2);
        var errors = again.StandardError.ReadToEndAsync(Cancel);
        foreach (var pod in pods.Where((_, index) => index != 2).Append(again))
        {
            await pod.WaitForExitAsync(Cancel);
            Assert.Equal(0, pod.ExitCode);
        }

        Array.ForEach(pods, pod => pod.Dispose());
        var joined = Command.Run(ScoreBench.Program, Arguments(join, folder));

        Assert.Contains("goes on behind", await errors, StringComparison.Ordinal);
        Assert.True(joined.ExitCode == 0, joined.ToString());
        Assert.Equal(await File.ReadAllBytesAsync(bench.Expected, Cancel),
            await File.ReadAllBytesAsync(Path.Combine(folder, "scored.parquet"), Cancel));
    }

    private Process Start(V1Job job, string folder, int index)
    {
        var container = Assert.Single(job.Spec.Template.Spec.Containers);
        var environment = container.Env.ToDictionary(variable => variable.Name, variable => variable.Value);
        environment["JOB_COMPLETION_INDEX"] = $"{index}";
        var process = Command.Start(ScoreBench.Program, Arguments(job, folder), environment: environment);
        _ = process.StandardOutput.ReadToEndAsync(Cancel);
        if (index != 2)
        {
            _ = process.StandardError.ReadToEndAsync(Cancel);
        }

        return process;
    }

    private string[] Arguments(V1Job job, string folder) =>
    [
        .. Assert.Single(job.Spec.Template.Spec.Containers).Args.Select(argument => argument switch
        {
            "/models/sentiment" => bench.Model,
            "/data/reviews.parquet" => bench.Input,
            _ => argument.Replace("/data", folder, StringComparison.Ordinal),
        }),
    ];
}
