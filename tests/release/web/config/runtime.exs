import Config

config :web, port_file: System.fetch_env!("PORT_FILE")
