namespace LoraOnnx.Deploy.Tests.Slurm;

/// <summary>deploy/slurm on a real Slurm of four nodes on this machine.</summary>
public sealed class SlurmTests(ScoreBench bench)
{
    private const int Parts = 4;

    private static string Scripts => Repository.Path("deploy", "slurm");

    [Fact]
    public void An_array_of_which_a_task_was_killed_and_requeued_makes_the_file_of_one_process()
    {
        Requirement.SkipUnless(SlurmCluster.IsInstalled, "there is no Slurm here, or no root to start it: apt-get install slurm-wlm munge");
        using var cluster = SlurmCluster.Start();
        var folder = bench.Folder("slurm");
        var output = Path.Combine(folder, "scored.parquet");
        string[] small = ["--cpus-per-task=1", "--mem=500M", $"--chdir={folder}"];
        var variables = $"--export=ALL,LORA_ONNX={Repository.Path("bin")},MODEL={bench.Model},IN={bench.Input},OUT={output}";

        var job = cluster.Tell("sbatch", ["--parsable", $"--array=1-{Parts}", .. small, variables, Path.Combine(Scripts, "score.sbatch")]);
        var join = cluster.Tell("sbatch",
            ["--parsable", $"--dependency=afterok:{job}", .. small, variables, Path.Combine(Scripts, "join.sbatch")]);
        ScoreBench.WaitForAChunk(Path.Combine(folder, "scored-2-of-4.parquet"),
            () => File.Exists(Path.Combine(folder, "scored-2-of-4.parquet.shard.json")));
        cluster.Tell("scontrol", "requeue", $"{job}_2");
        // Slurm holds a requeued task back for two minutes, from when the old process is gone.
        SlurmCluster.WaitFor(() =>
        {
            cluster.Ask("scontrol", "update", $"JobId={job}_2", "StartTime=now");
            return File.ReadAllText(Path.Combine(folder, $"lora-score-{job}-2.log")).Contains("goes on behind", StringComparison.Ordinal);
        }, "the requeued task");
        SlurmCluster.WaitFor(() => !cluster.Tell("squeue", "--noheader", "--format=%i").Split('\n').Contains(join), "the join");

        Assert.True(File.Exists(output), File.ReadAllText(Path.Combine(folder, $"lora-score-join-{join}.log")));
        Assert.Equal(File.ReadAllBytes(bench.Expected), File.ReadAllBytes(output));
        foreach (var script in Directory.GetFiles(Scripts, "*.sbatch"))
        {
            cluster.Tell("sbatch", "--test-only", "--gres=none", script); // the nodes have no GPU
        }
    }

    [Fact]
    public void Scripts_use_options_that_the_programs_have()
    {
        foreach (var script in Directory.GetFiles(Scripts, "*.sbatch"))
        {
            var text = File.ReadAllText(script).ReplaceLineEndings("\n").Replace("\\\n", " ", StringComparison.Ordinal);
            string[] commands = [.. text.Split('\n').Select(line => line.Trim())
                .Where(line => line.StartsWith("exec lora-", StringComparison.Ordinal))];

            Assert.NotEmpty(commands);
            Assert.All(commands, command => ProgramOptions.Check(command.Split(' ')[1], command.Split(' ')[2..]));
        }
    }
}
