namespace LoraOnnx.Serving.Tests.Support;

/// <summary>Waits for something that another thread brings about.</summary>
internal static class Wait
{
    /// <summary>Fails the test when the condition does not come true in far more time than a machine with other work needs for it.</summary>
    public static async Task UntilAsync(Func<bool> condition)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience.Time);
        while (!condition())
        {
            Assert.False(patience.IsCancellationRequested, "the condition did not come true in time");
            await Task.Delay(1, CancellationToken.None);
        }
    }
}
