defmodule LedgerTest do
  use ExUnit.Case, async: true
  import ExUnit.CaptureLog
  doctest Ledger
  doctest Ledger.Money

  setup_all do
    {:ok, suite: :ledger}
  end

  setup context do
    name = "#{context.test}"
    {:ok, pid} = Ledger.open(name, context[:start] || 0)
    on_exit(fn -> DynamicSupervisor.terminate_child(Ledger.Accounts, pid) end)
    {:ok, name: name, pid: pid}
  end

  test "a new account is empty", %{name: name, suite: suite} do
    assert suite == :ledger
    assert Ledger.balance(name) == 0
  end

  @tag start: 500
  test "withdrawals are limited", %{name: name} do
    assert {:ok, 100} = Ledger.withdraw(name, 400)

    assert capture_log(fn -> assert Ledger.withdraw(name, 400) == {:error, :not_enough} end) =~
             "refused -400"
  end

  test "an account is restarted after a crash", %{name: name, pid: pid} do
    ref = Process.monitor(pid)

    log =
      capture_log(fn ->
        assert catch_exit(GenServer.call(pid, :crash))
        assert_receive {:DOWN, ^ref, :process, ^pid, {{:badkey, :missing, _}, _}}
      end)

    assert log =~ "key :missing not found"

    assert Enum.any?(1..100, fn _ ->
             Process.sleep(5) &&
               match?([{p, _}] when p != pid, Registry.lookup(Ledger.Names, name))
           end)
  end

  for n <- 1..100 do
    @tag start: n
    test "transfer #{n}", %{name: name} do
      {:ok, _} = Ledger.open("to #{unquote(n)}")
      assert {:ok, unquote(n)} = Ledger.transfer(name, "to #{unquote(n)}", unquote(n))
      assert Ledger.balance(name) == 0
      assert Ledger.report([name, "to #{unquote(n)}"]) =~ Ledger.Money.show(unquote(n))
    end
  end

  @tag :excluded
  test("not run", do: flunk("excluded"))

  @tag :skip
  test("skipped", do: flunk("skipped"))
end
