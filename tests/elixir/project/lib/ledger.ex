defmodule Ledger do
  @moduledoc """
  A small ledger: accounts with balances, each a process found by name.

      iex> Ledger.Money.parse("12.50")
      {:ok, 1250}
  """
  alias Ledger.{Account, Money}

  @doc """
  Opens an account.

      iex> {:ok, pid} = Ledger.open("doc-1", 100)
      iex> is_pid(pid)
      true
      iex> Ledger.balance("doc-1")
      100
  """
  def open(name, amount \\ 0) do
    DynamicSupervisor.start_child(Ledger.Accounts, {Account, {name, amount}})
  end

  @doc """
      iex> Ledger.balance("nobody")
      ** (Ledger.NoAccount) no account "nobody"
  """
  def balance(name), do: GenServer.call(Account.via!(name), :balance)

  def deposit(name, amount) when is_integer(amount) and amount > 0,
    do: GenServer.call(Account.via!(name), {:add, amount})

  def withdraw(name, amount), do: GenServer.call(Account.via!(name), {:add, -amount})

  def transfer(from, to, amount) do
    with {:ok, _} <- withdraw(from, amount), {:ok, left} <- deposit(to, amount) do
      {:ok, left}
    end
  end

  @doc "For heart: all is well."
  def beat, do: :ok

  def report(names) do
    names
    |> Task.async_stream(&{&1, balance(&1)}, ordered: true)
    |> Enum.map_join("\n", fn {:ok, {name, cents}} -> "#{name}: #{Money.show(cents)}" end)
  end
end
