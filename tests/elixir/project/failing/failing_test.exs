# Tests that fail, for the text that tells so.
defmodule FailingTest do
  use ExUnit.Case

  test "equality", do: assert([1, 2, %{a: "one"}] == [1, 3, %{a: "two"}])
  test "match", do: assert({:ok, %{b: _}} = {:ok, %{a: 1}})
  test "comparison", do: assert(Enum.count([1]) > 5)
  test "strings", do: assert("the quick fox" == "the quack fix")
  test "raise", do: raise("not expected")
  test "function clause", do: Ledger.deposit("x", -1)
  test "exit", do: exit({:shutdown, :bye})
  test "throw", do: throw(:ball)
  test "linked process", do: (spawn_link(fn -> exit(:dead) end); Process.sleep(1000))
  test "no message", do: (send(self(), :other); assert_receive(:expected, 10))
  test "wrong exception", do: assert_raise(KeyError, "x", fn -> raise ArgumentError, "y" end)
  test "refute", do: refute(1 == 1)
  test "flunk", do: flunk("given up")
  test "genserver", do: GenServer.call(:not_there, :x, 10)
  @tag timeout: 50
  test "timeout", do: Process.sleep(1000)
  test "erlang error", do: :ets.insert(:nope, {1})
  test "undefined", do: apply(Nope, :nope, [])
  test "struct", do: assert(%Ledger.Account{name: "a"} == %Ledger.Account{name: "b", cents: 4})
  test "doctest-like", do: assert(Ledger.Money.show(5) == "5")
  @tag capture_log: true
  test("log", do: (require(Logger); Logger.error("kept"); flunk("with log")))
end

defmodule PendingTest do
  use ExUnit.Case
  test "not yet written"
end

defmodule SetupFailsTest do
  use ExUnit.Case
  setup(do: raise("in setup"))
  test("never run", do: :ok)
end
