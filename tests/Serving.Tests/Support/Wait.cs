namespace LoraOnnx.Serving.Tests.Support;

/// <summary>Waits for something that another thread brings about.</summary>
internal static class Wait
{
    /// <summary>Fails the test when the condition does not come true within ten seconds.</summary>
    public static async Task UntilAsync(Func<bool> condition)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(10));
        while (!condition())
        {
            Assert.False(patience.IsCancellationRequested, "the condition did not come true in time");
            await Task.Delay(1, CancellationToken.None);
        }
    }
}
