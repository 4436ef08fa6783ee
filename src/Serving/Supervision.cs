using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Hosting.WindowsServices;
using Microsoft.Extensions.Options;

namespace LoraOnnx.Serving;

/// <summary>
/// Who started the server as a service hears that it serves, and that it stops: systemd by the socket of Type=notify, Windows by its protocol for
/// services. Elsewhere it does nothing: the command line turns SIGINT and SIGTERM into a cancellation, and the host's own handlers would be a second
/// opinion.
/// </summary>
internal sealed class Supervision : IHostLifetime
{
    private readonly SystemdNotifier _systemd = new();
    private readonly IHostLifetime _windows;

    public Supervision(IServiceProvider services) =>
        _windows = OperatingSystem.IsWindows() && WindowsServiceHelpers.IsWindowsService()
            ? ActivatorUtilities.CreateInstance<WindowsServiceLifetime>(services)
            : new NoService();

    /// <summary>Windows gives a service 30 seconds to report, which models may take longer to load than.</summary>
    public Task BeginAsync(CancellationToken cancellationToken) => _windows.WaitForStartAsync(cancellationToken);

    /// <summary>Models are loaded, ports are open.</summary>
    public void Serves() => _systemd.Notify(ServiceState.Ready);

    /// <summary>No new calls; those that run get their time.</summary>
    public void Drains() => _systemd.Notify(ServiceState.Stopping);

    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => _windows.StopAsync(cancellationToken);

    /// <summary>Registers it; a service's stop may take as long as calls may.</summary>
    public static void AddTo(IServiceCollection services, TimeSpan drain)
    {
        services.AddSingleton<Supervision>();
        services.AddSingleton<IHostLifetime>(provider => provider.GetRequiredService<Supervision>());
        services.AddSingleton(Options.Create(new WindowsServiceLifetimeOptions { ServiceName = ServingSetup.ServerName }));
        services.Configure<HostOptions>(host => host.ShutdownTimeout = drain + TimeSpan.FromSeconds(10));
    }

    private sealed class NoService : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
