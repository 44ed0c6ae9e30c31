defmodule MoneyTest do
  use ExUnit.Case, async: true
  require Ledger.Money
  alias Ledger.{Account, Money, Showable}

  describe "parse/1 and show/1" do
    for {cents, i} <- Enum.with_index([0, 1, 99, 100, 101, 12_345, -5, -100, 10 ** 30]) do
      test "round trip #{i}" do
        assert {:ok, unquote(cents)} == unquote(cents) |> Money.show() |> Money.parse()
      end
    end

    for text <- ["", "1.", ".5", "1,5", "1.555", "--1", "1e3", "١"] do
      test("refuses #{inspect(text)}", do: assert(:error = Money.parse(unquote(text))))
    end
  end

  test "generated functions" do
    assert Money.euro(150) == "€1.50"
    assert Money.cents(1.25) == 125
    x = 3
    assert Money.cents(x) == 300
  end

  test "protocol" do
    assert Showable.show([%Account{name: "a", cents: 5}, 100]) == "a (0.05), 1.00"

    assert_raise Protocol.UndefinedError, ~r/not implemented for :a of type Atom/, fn ->
      Showable.show(:a)
    end

    assert Protocol.consolidated?(Showable)
  end

  for n <- 1..60 do
    test "property #{n}" do
      :rand.seed(:exsss, {unquote(n), 2, 3})
      list = for _ <- 1..50, do: :rand.uniform(1_000_000)
      assert Enum.sum(list) == Enum.reduce(list, 0, &+/2)
      assert list |> Enum.sort() |> Enum.reverse() == Enum.sort(list, :desc)
      assert list == list |> :erlang.term_to_binary([:compressed]) |> :erlang.binary_to_term()
      assert Map.new(list, &{&1, true}) |> map_size() == list |> MapSet.new() |> MapSet.size()
      text = Enum.map_join(list, ",", &Money.show/1)
      assert text |> String.split(",") |> Enum.map(&(Money.parse(&1) |> elem(1))) == list
    end
  end
end
