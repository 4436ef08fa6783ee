using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace LoraOnnx.Deploy.Tests.Slurm;

/// <summary>A real Slurm on this machine: its controller, four nodes of two processors, and munge, with ports, keys and state of their own.</summary>
internal sealed class SlurmCluster : IDisposable
{
    private const int Nodes = 4;

    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(4);

    private readonly TemporaryFolder _folder = new();
    private readonly List<Process> _daemons = [];

    private SlurmCluster()
    {
    }

    /// <summary>Starts it and waits until all nodes are idle.</summary>
    public static SlurmCluster Start()
    {
        var cluster = new SlurmCluster();
        try
        {
            cluster.StartDaemons();
            WaitFor(() => cluster.Ask("sinfo", "--noheader", "--format=%T %D").Output.Trim() == $"idle {Nodes}", "the nodes");
            return cluster;
        }
        catch
        {
            cluster.Dispose();
            throw;
        }
    }

    private void StartDaemons()
    {
        var (state, key, ports) = (_folder.Path, Path.Combine(_folder.Path, "munge.key"), FreePorts(Nodes + 1));
        File.WriteAllBytes(key, RandomNumberGenerator.GetBytes(128));
        Command.Run("chmod", ["600", key]);
        File.WriteAllText(Configuration, $"""
            ClusterName=here
            SlurmctldHost=localhost
            SlurmUser=root
            SlurmdUser=root
            AuthType=auth/munge
            AuthInfo=socket={state}/munge
            CredType=cred/munge
            StateSaveLocation={state}
            SlurmdSpoolDir={state}/spool-%n
            SlurmctldPidFile={state}/controller.pid
            SlurmdPidFile={state}/%n.pid
            SlurmctldPort={ports[0]}
            ProctrackType=proctrack/linuxproc
            TaskPlugin=task/none
            SelectType=select/cons_tres
            SelectTypeParameters=CR_Core
            ReturnToService=2
            MpiDefault=none
            JobAcctGatherType=jobacct_gather/none
            SlurmdParameters=config_overrides
            KillWait=5
            {string.Join('\n', Enumerable.Range(1, Nodes).Select(node =>
                $"NodeName=n{node} NodeHostname=localhost NodeAddr=127.0.0.1 Port={ports[node]} CPUs=8 RealMemory=64000"))}
            PartitionName=all Nodes=ALL Default=YES MaxTime=60 State=UP

            """);
        Begin("munged", "--foreground", "--force", $"--socket={state}/munge", $"--key-file={key}", $"--pid-file={state}/munged.pid",
            $"--log-file={state}/munged.log", $"--seed-file={state}/munged.seed");
        Begin("slurmctld", "-D", "-f", Configuration);
        for (var node = 1; node <= Nodes; node++)
        {
            Begin("slurmd", "-D", "-f", Configuration, "-N", $"n{node}");
        }
    }

    private string Configuration => Path.Combine(_folder.Path, "slurm.conf");

    public static bool IsInstalled => OperatingSystem.IsLinux() && Environment.UserName == "root"
        && new[] { "slurmctld", "slurmd", "munged" }.All(name => File.Exists($"/usr/sbin/{name}"));

    /// <summary>Runs one of Slurm's commands.</summary>
    public CommandResult Ask(string command, params string[] arguments) => Command.Run(command, arguments, TimeSpan.FromMinutes(5),
        environment: new Dictionary<string, string> { ["SLURM_CONF"] = Configuration });

    /// <summary>Runs one that must succeed, and gives what it printed.</summary>
    public string Tell(string command, params string[] arguments)
    {
        var result = Ask(command, arguments);
        Assert.True(result.ExitCode == 0, $"{command} {string.Join(' ', arguments)}: {result}");
        return result.Output.Trim();
    }

    /// <summary>Asks again and again.</summary>
    public static void WaitFor(Func<bool> isSo, string what)
    {
        var clock = Stopwatch.StartNew();
        while (!isSo())
        {
            Assert.True(clock.Elapsed < _patience, $"waited for {what} in vain");
        }
    }

    public void Dispose()
    {
        foreach (var daemon in Enumerable.Reverse(_daemons))
        {
            daemon.Kill(entireProcessTree: true);
            daemon.WaitForExit();
            daemon.Dispose();
        }

        _folder.Dispose();
    }

    private void Begin(string daemon, params string[] arguments)
    {
        var process = Command.Start($"/usr/sbin/{daemon}", arguments, environment: new Dictionary<string, string> { ["SLURM_CONF"] = Configuration });
        _ = process.StandardOutput.ReadToEndAsync();
        _ = process.StandardError.ReadToEndAsync();
        _daemons.Add(process);
    }

    private static int[] FreePorts(int count)
    {
        TcpListener[] listeners = [.. Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Any, 0))];
        Array.ForEach(listeners, listener => listener.Start());
        int[] ports = [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        Array.ForEach(listeners, listener => listener.Dispose());
        return ports;
    }
}
