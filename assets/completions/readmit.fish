# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_readmit_global_optspecs
    string join \n config= h/help V/version
end

function __fish_readmit_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_readmit_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_readmit_using_subcommand
    set -l cmd (__fish_readmit_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c readmit -n "__fish_readmit_needs_command" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readmit -n "__fish_readmit_needs_command" -s V -l version -d 'Print version'
complete -c readmit -n "__fish_readmit_needs_command" -f -a "init" -d 'Set a deployment up: a configuration, keys, the database and the first location'
complete -c readmit -n "__fish_readmit_needs_command" -f -a "serve" -d 'Serve the API and send mail, until SIGTERM or Ctrl-C'
complete -c readmit -n "__fish_readmit_needs_command" -f -a "demo" -d 'Try it: two businesses, three people, mail caught in a folder; needs nothing'
complete -c readmit -n "__fish_readmit_needs_command" -f -a "console" -d 'Watch and steer the deployment in this terminal'
complete -c readmit -n "__fish_readmit_needs_command" -f -a "check" -d 'Show the effective configuration and test the database, the keys and the relay'
complete -c readmit -n "__fish_readmit_needs_command" -f -a "doctor" -d 'Look for what is wrong, or will be soon, and say what to do'
complete -c readmit -n "__fish_readmit_needs_command" -f -a "health" -d 'Ask the running server whether it can do its work; exit status 0 if so'
complete -c readmit -n "__fish_readmit_needs_command" -f -a "openapi" -d 'Print the OpenAPI document'
complete -c readmit -n "__fish_readmit_needs_command" -f -a "business" -d 'Locations: who mail comes from, what it looks like, where its links lead'
complete -c readmit -n "__fish_readmit_needs_command" -f -a "user" -d 'People'
complete -c readmit -n "__fish_readmit_needs_command" -f -a "reset" -d 'Reset links'
complete -c readmit -n "__fish_readmit_needs_command" -f -a "template" -d 'What mail says and looks like: built-in templates, and those of locations'
complete -c readmit -n "__fish_readmit_needs_command" -f -a "outbox" -d 'Mail that waits, and what became of the rest'
complete -c readmit -n "__fish_readmit_needs_command" -f -a "audit" -d 'Who did what to whom, from where, and how it ended'
complete -c readmit -n "__fish_readmit_needs_command" -f -a "key" -d 'The keys that sign tokens'
complete -c readmit -n "__fish_readmit_needs_command" -f -a "dkim" -d 'The keys by which sender domains sign mail'
complete -c readmit -n "__fish_readmit_needs_command" -f -a "backup" -d 'Copy the database into a file, while the server runs'
complete -c readmit -n "__fish_readmit_needs_command" -f -a "restore" -d 'Put a backup in the place of the database'
complete -c readmit -n "__fish_readmit_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c readmit -n "__fish_readmit_using_subcommand init" -l public-url -d 'The address at which the world reaches the server: https://login.example.com' -r
complete -c readmit -n "__fish_readmit_using_subcommand init" -l listen -d 'The address and port to listen on' -r
complete -c readmit -n "__fish_readmit_using_subcommand init" -l smtp-url -d 'The relay that takes the mail: smtp://mail.example.com' -r
complete -c readmit -n "__fish_readmit_using_subcommand init" -l from -d 'Who mail comes from: "Canal House <hello@example.com>"' -r
complete -c readmit -n "__fish_readmit_using_subcommand init" -l smtp-username -d 'The account at the relay' -r
complete -c readmit -n "__fish_readmit_using_subcommand init" -l name -d 'The first location: what its members call it' -r
complete -c readmit -n "__fish_readmit_using_subcommand init" -l business -d 'Its number, as the portal knows it' -r
complete -c readmit -n "__fish_readmit_using_subcommand init" -l portal-url -d 'Where its members\' portal stands; without one, readmit serves its pages' -r
complete -c readmit -n "__fish_readmit_using_subcommand init" -l sender-address -d 'The address that its mail comes from [default: as --from]' -r
complete -c readmit -n "__fish_readmit_using_subcommand init" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand init" -l smtp-password-stdin -d 'Read the relay\'s password from standard input; it stands in the configuration, for its owner alone'
complete -c readmit -n "__fish_readmit_using_subcommand init" -l yes -d 'Ask nothing, on a terminal either; what no option says keeps its default'
complete -c readmit -n "__fish_readmit_using_subcommand init" -l json -d 'As JSON'
complete -c readmit -n "__fish_readmit_using_subcommand init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readmit -n "__fish_readmit_using_subcommand serve" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readmit -n "__fish_readmit_using_subcommand demo" -l listen -d 'Where to listen; port 0 takes a free one' -r
complete -c readmit -n "__fish_readmit_using_subcommand demo" -l dir -d 'Keep database, keys and mail here [default: a temporary folder, removed at the end]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand demo" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand demo" -l walk -d 'Walk through a whole reset by itself, show every request and answer, and end'
complete -c readmit -n "__fish_readmit_using_subcommand demo" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand console" -l theme -d 'Colours [default: dark; plain if `NO_COLOR` is set]' -r -f -a "dark\t'For a dark background'
light\t'For a light background'
sixteen\t'The terminal\'s own sixteen colours'
plain\t'None: bold, reverse and underline only'"
complete -c readmit -n "__fish_readmit_using_subcommand console" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand console" -l read-only -d 'Only look: no key changes anything'
complete -c readmit -n "__fish_readmit_using_subcommand console" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readmit -n "__fish_readmit_using_subcommand check" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand check" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand doctor" -l resolver -d 'Ask this resolver about zones, in place of the system\'s: an address, with a port if it is not 53' -r
complete -c readmit -n "__fish_readmit_using_subcommand doctor" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand doctor" -l full -d 'Compare every index with its table, too; a large database takes a while'
complete -c readmit -n "__fish_readmit_using_subcommand doctor" -l offline -d 'Leave out relays and zones'
complete -c readmit -n "__fish_readmit_using_subcommand doctor" -l json -d 'As JSON'
complete -c readmit -n "__fish_readmit_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readmit -n "__fish_readmit_using_subcommand health" -l timeout -d 'How long to wait for the answer: 500ms, 5s' -r
complete -c readmit -n "__fish_readmit_using_subcommand health" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand health" -l live -d 'Ask only whether the process answers (/healthz), not whether it can do its work (/readyz)'
complete -c readmit -n "__fish_readmit_using_subcommand health" -l json -d 'As JSON, on failure too'
complete -c readmit -n "__fish_readmit_using_subcommand health" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readmit -n "__fish_readmit_using_subcommand openapi" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand openapi" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand business; and not __fish_seen_subcommand_from add list show set remove help" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand business; and not __fish_seen_subcommand_from add list show set remove help" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand business; and not __fish_seen_subcommand_from add list show set remove help" -f -a "add" -d 'Add a location'
complete -c readmit -n "__fish_readmit_using_subcommand business; and not __fish_seen_subcommand_from add list show set remove help" -f -a "list" -d 'List the locations'
complete -c readmit -n "__fish_readmit_using_subcommand business; and not __fish_seen_subcommand_from add list show set remove help" -f -a "show" -d 'Show one location with all its settings'
complete -c readmit -n "__fish_readmit_using_subcommand business; and not __fish_seen_subcommand_from add list show set remove help" -f -a "set" -d 'Change settings of a location; "" clears one'
complete -c readmit -n "__fish_readmit_using_subcommand business; and not __fish_seen_subcommand_from add list show set remove help" -f -a "remove" -d 'Remove a location that nobody belongs to'
complete -c readmit -n "__fish_readmit_using_subcommand business; and not __fish_seen_subcommand_from add list show set remove help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from add" -l name -d 'What its members call it' -r
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from add" -l portal-url -d 'Where its members\' portal stands, like https://portal.example.com; without one, links in its mail lead to pages that readmit serves' -r
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from add" -l sender-name -d 'The name that mail comes from [default: the location\'s name]' -r
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from add" -l sender-address -d 'The address that mail comes from [default: smtp.from]' -r
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from add" -l reply-to -d 'Where answers go' -r
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from add" -l colour -d 'The colour of heading and button: #1f6feb' -r
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from add" -l logo-url -d 'A picture above the heading of its mail' -r
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from add" -l reset-link -d 'The form of a reset link, with {token} and, if you like, {portal_url} and {business_id} [default: {portal_url}/reset-password?token={token}]' -r
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from add" -l magic-link -d 'The form of a magic link, likewise [default: {portal_url}/login?token={token}]' -r
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from add" -l locale -d 'The language of its mail: en, fr, pt-BR' -r
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from add" -l time-zone -d 'Whose clocks dates in its mail are read off: Europe/Madrid [default: UTC]' -r
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from add" -l password-min-length -d 'The fewest characters of a new password [default: as configured]' -r
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from add" -l access-ttl -d 'How long an access token works, like 30m [default: as configured]' -r
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from add" -l refresh-ttl -d 'How long a session lasts, however often it is refreshed, like 15d [default: as configured]' -r
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from add" -l allowed-origins -d 'Origins that may call the API besides the portal\'s, with blanks between them' -r
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from add" -l smtp-url -d 'A relay of its own, written like smtp.url: smtp://mail.example.com. It replaces the earlier one with its user and password [default: the common relay]' -r
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from add" -l smtp-username -d 'The account at its relay' -r
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from add" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from add" -l smtp-password-stdin -d 'Read the password for its relay from standard input'
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from list" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from list" -l json -d 'As JSON'
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from show" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from show" -l json -d 'As JSON'
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from set" -l name -d 'What its members call it' -r
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from set" -l portal-url -d 'Where its members\' portal stands, like https://portal.example.com; without one, links in its mail lead to pages that readmit serves' -r
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from set" -l sender-name -d 'The name that mail comes from [default: the location\'s name]' -r
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from set" -l sender-address -d 'The address that mail comes from [default: smtp.from]' -r
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from set" -l reply-to -d 'Where answers go' -r
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from set" -l colour -d 'The colour of heading and button: #1f6feb' -r
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from set" -l logo-url -d 'A picture above the heading of its mail' -r
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from set" -l reset-link -d 'The form of a reset link, with {token} and, if you like, {portal_url} and {business_id} [default: {portal_url}/reset-password?token={token}]' -r
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from set" -l magic-link -d 'The form of a magic link, likewise [default: {portal_url}/login?token={token}]' -r
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from set" -l locale -d 'The language of its mail: en, fr, pt-BR' -r
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from set" -l time-zone -d 'Whose clocks dates in its mail are read off: Europe/Madrid [default: UTC]' -r
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from set" -l password-min-length -d 'The fewest characters of a new password [default: as configured]' -r
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from set" -l access-ttl -d 'How long an access token works, like 30m [default: as configured]' -r
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from set" -l refresh-ttl -d 'How long a session lasts, however often it is refreshed, like 15d [default: as configured]' -r
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from set" -l allowed-origins -d 'Origins that may call the API besides the portal\'s, with blanks between them' -r
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from set" -l smtp-url -d 'A relay of its own, written like smtp.url: smtp://mail.example.com. It replaces the earlier one with its user and password [default: the common relay]' -r
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from set" -l smtp-username -d 'The account at its relay' -r
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from set" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from set" -l smtp-password-stdin -d 'Read the password for its relay from standard input'
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from remove" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from remove" -l yes -d 'Do not ask'
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from help" -f -a "add" -d 'Add a location'
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the locations'
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show one location with all its settings'
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from help" -f -a "set" -d 'Change settings of a location; "" clears one'
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Remove a location that nobody belongs to'
complete -c readmit -n "__fish_readmit_using_subcommand business; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c readmit -n "__fish_readmit_using_subcommand user; and not __fish_seen_subcommand_from add set list show import export suspend reactivate require-reset set-password sessions revoke-sessions reset-link totp-off remove help" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand user; and not __fish_seen_subcommand_from add set list show import export suspend reactivate require-reset set-password sessions revoke-sessions reset-link totp-off remove help" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand user; and not __fish_seen_subcommand_from add set list show import export suspend reactivate require-reset set-password sessions revoke-sessions reset-link totp-off remove help" -f -a "add" -d 'Add a person; without a password they must reset first'
complete -c readmit -n "__fish_readmit_using_subcommand user; and not __fish_seen_subcommand_from add set list show import export suspend reactivate require-reset set-password sessions revoke-sessions reset-link totp-off remove help" -f -a "set" -d 'Change a person\'s name or language'
complete -c readmit -n "__fish_readmit_using_subcommand user; and not __fish_seen_subcommand_from add set list show import export suspend reactivate require-reset set-password sessions revoke-sessions reset-link totp-off remove help" -f -a "list" -d 'List the people'
complete -c readmit -n "__fish_readmit_using_subcommand user; and not __fish_seen_subcommand_from add set list show import export suspend reactivate require-reset set-password sessions revoke-sessions reset-link totp-off remove help" -f -a "show" -d 'Show one person, with open sessions and reset links'
complete -c readmit -n "__fish_readmit_using_subcommand user; and not __fish_seen_subcommand_from add set list show import export suspend reactivate require-reset set-password sessions revoke-sessions reset-link totp-off remove help" -f -a "import" -d 'Add many people from a file, all or none'
complete -c readmit -n "__fish_readmit_using_subcommand user; and not __fish_seen_subcommand_from add set list show import export suspend reactivate require-reset set-password sessions revoke-sessions reset-link totp-off remove help" -f -a "export" -d 'Write everybody as JSON Lines, which an import takes'
complete -c readmit -n "__fish_readmit_using_subcommand user; and not __fish_seen_subcommand_from add set list show import export suspend reactivate require-reset set-password sessions revoke-sessions reset-link totp-off remove help" -f -a "suspend" -d 'Shut a person out, and end their sessions and links'
complete -c readmit -n "__fish_readmit_using_subcommand user; and not __fish_seen_subcommand_from add set list show import export suspend reactivate require-reset set-password sessions revoke-sessions reset-link totp-off remove help" -f -a "reactivate" -d 'Let a suspended person in again'
complete -c readmit -n "__fish_readmit_using_subcommand user; and not __fish_seen_subcommand_from add set list show import export suspend reactivate require-reset set-password sessions revoke-sessions reset-link totp-off remove help" -f -a "require-reset" -d 'Require a new password before the next sign-in, and end sessions and links'
complete -c readmit -n "__fish_readmit_using_subcommand user; and not __fish_seen_subcommand_from add set list show import export suspend reactivate require-reset set-password sessions revoke-sessions reset-link totp-off remove help" -f -a "set-password" -d 'Replace a person\'s password, and end their sessions and links'
complete -c readmit -n "__fish_readmit_using_subcommand user; and not __fish_seen_subcommand_from add set list show import export suspend reactivate require-reset set-password sessions revoke-sessions reset-link totp-off remove help" -f -a "sessions" -d 'List a person\'s open sessions'
complete -c readmit -n "__fish_readmit_using_subcommand user; and not __fish_seen_subcommand_from add set list show import export suspend reactivate require-reset set-password sessions revoke-sessions reset-link totp-off remove help" -f -a "revoke-sessions" -d 'End every session of a person'
complete -c readmit -n "__fish_readmit_using_subcommand user; and not __fish_seen_subcommand_from add set list show import export suspend reactivate require-reset set-password sessions revoke-sessions reset-link totp-off remove help" -f -a "reset-link" -d 'Make a fresh reset link, for a member on the telephone, and print it'
complete -c readmit -n "__fish_readmit_using_subcommand user; and not __fish_seen_subcommand_from add set list show import export suspend reactivate require-reset set-password sessions revoke-sessions reset-link totp-off remove help" -f -a "totp-off" -d 'Switch a person\'s two-factor authentication off, for a lost device'
complete -c readmit -n "__fish_readmit_using_subcommand user; and not __fish_seen_subcommand_from add set list show import export suspend reactivate require-reset set-password sessions revoke-sessions reset-link totp-off remove help" -f -a "remove" -d 'Remove a person and all that is theirs'
complete -c readmit -n "__fish_readmit_using_subcommand user; and not __fish_seen_subcommand_from add set list show import export suspend reactivate require-reset set-password sessions revoke-sessions reset-link totp-off remove help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from add" -l name -d 'How the person is called' -r
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from add" -l business -d 'The number of the location that the person belongs to' -r
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from add" -l locale -d 'The language of their mail, like fr or pt-BR [default: the location\'s]' -r
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from add" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from add" -l password-stdin -d 'Read the password from standard input'
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from add" -l welcome -d 'Send them a mail with a link to choose a password'
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from set" -l name -d 'How the person is called' -r
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from set" -l locale -d 'The language of their mail, like fr or pt-BR; "" stands for the location\'s' -r
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from set" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from list" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from list" -l json -d 'As JSON'
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from show" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from show" -l json -d 'As JSON'
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from import" -l format -d 'What the file is, where its name does not say [default: jsonl for .jsonl and .ndjson, else csv]' -r -f -a "csv\t'Comma-separated values'
jsonl\t'JSON Lines'"
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from import" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from export" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from suspend" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from suspend" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from reactivate" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from reactivate" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from require-reset" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from require-reset" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from set-password" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from set-password" -l password-stdin -d 'Read the password from standard input: the only way to give one'
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from set-password" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from sessions" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from sessions" -l json -d 'As JSON'
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from sessions" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from revoke-sessions" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from revoke-sessions" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from reset-link" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from reset-link" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from totp-off" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from totp-off" -l yes -d 'Do not ask'
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from totp-off" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from remove" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from remove" -l yes -d 'Do not ask'
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "add" -d 'Add a person; without a password they must reset first'
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "set" -d 'Change a person\'s name or language'
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the people'
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show one person, with open sessions and reset links'
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "import" -d 'Add many people from a file, all or none'
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "export" -d 'Write everybody as JSON Lines, which an import takes'
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "suspend" -d 'Shut a person out, and end their sessions and links'
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "reactivate" -d 'Let a suspended person in again'
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "require-reset" -d 'Require a new password before the next sign-in, and end sessions and links'
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "set-password" -d 'Replace a person\'s password, and end their sessions and links'
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "sessions" -d 'List a person\'s open sessions'
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "revoke-sessions" -d 'End every session of a person'
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "reset-link" -d 'Make a fresh reset link, for a member on the telephone, and print it'
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "totp-off" -d 'Switch a person\'s two-factor authentication off, for a lost device'
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Remove a person and all that is theirs'
complete -c readmit -n "__fish_readmit_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c readmit -n "__fish_readmit_using_subcommand reset; and not __fish_seen_subcommand_from list revoke help" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand reset; and not __fish_seen_subcommand_from list revoke help" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand reset; and not __fish_seen_subcommand_from list revoke help" -f -a "list" -d 'List the links that can still be used'
complete -c readmit -n "__fish_readmit_using_subcommand reset; and not __fish_seen_subcommand_from list revoke help" -f -a "revoke" -d 'Revoke a link'
complete -c readmit -n "__fish_readmit_using_subcommand reset; and not __fish_seen_subcommand_from list revoke help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c readmit -n "__fish_readmit_using_subcommand reset; and __fish_seen_subcommand_from list" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand reset; and __fish_seen_subcommand_from list" -l all -d 'Used, expired and revoked ones too'
complete -c readmit -n "__fish_readmit_using_subcommand reset; and __fish_seen_subcommand_from list" -l json -d 'As JSON'
complete -c readmit -n "__fish_readmit_using_subcommand reset; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand reset; and __fish_seen_subcommand_from revoke" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand reset; and __fish_seen_subcommand_from revoke" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand reset; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the links that can still be used'
complete -c readmit -n "__fish_readmit_using_subcommand reset; and __fish_seen_subcommand_from help" -f -a "revoke" -d 'Revoke a link'
complete -c readmit -n "__fish_readmit_using_subcommand reset; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c readmit -n "__fish_readmit_using_subcommand template; and not __fish_seen_subcommand_from list show edit set diff history rollback preview send-test lint help" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand template; and not __fish_seen_subcommand_from list show edit set diff history rollback preview send-test lint help" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand template; and not __fish_seen_subcommand_from list show edit set diff history rollback preview send-test lint help" -f -a "list" -d 'List the templates that stand in for built-in ones, and whether they work'
complete -c readmit -n "__fish_readmit_using_subcommand template; and not __fish_seen_subcommand_from list show edit set diff history rollback preview send-test lint help" -f -a "show" -d 'Print the template that a part of a mail is made from, built in or not'
complete -c readmit -n "__fish_readmit_using_subcommand template; and not __fish_seen_subcommand_from list show edit set diff history rollback preview send-test lint help" -f -a "edit" -d 'Change a template in $VISUAL or $EDITOR'
complete -c readmit -n "__fish_readmit_using_subcommand template; and not __fish_seen_subcommand_from list show edit set diff history rollback preview send-test lint help" -f -a "set" -d 'Save a template from a file, or from standard input'
complete -c readmit -n "__fish_readmit_using_subcommand template; and not __fish_seen_subcommand_from list show edit set diff history rollback preview send-test lint help" -f -a "diff" -d 'Show what a template changes: against the built-in one, or between two versions'
complete -c readmit -n "__fish_readmit_using_subcommand template; and not __fish_seen_subcommand_from list show edit set diff history rollback preview send-test lint help" -f -a "history" -d 'List the versions of a template: when, by whom, and why'
complete -c readmit -n "__fish_readmit_using_subcommand template; and not __fish_seen_subcommand_from list show edit set diff history rollback preview send-test lint help" -f -a "rollback" -d 'Put an earlier version into force again; 0 takes the template back'
complete -c readmit -n "__fish_readmit_using_subcommand template; and not __fish_seen_subcommand_from list show edit set diff history rollback preview send-test lint help" -f -a "preview" -d 'Fill a mail in with sample values and print it'
complete -c readmit -n "__fish_readmit_using_subcommand template; and not __fish_seen_subcommand_from list show edit set diff history rollback preview send-test lint help" -f -a "send-test" -d 'Send a mail with sample values, marked as a test, by the relay that takes such mail'
complete -c readmit -n "__fish_readmit_using_subcommand template; and not __fish_seen_subcommand_from list show edit set diff history rollback preview send-test lint help" -f -a "lint" -d 'Say what is wrong with a file, or with any of the saved templates'
complete -c readmit -n "__fish_readmit_using_subcommand template; and not __fish_seen_subcommand_from list show edit set diff history rollback preview send-test lint help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from list" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from list" -l json -d 'As JSON'
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from show" -l business -d 'Of which location\'s mail [default: of every location\'s without one of its own]' -r
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from show" -l locale -d 'In which language [default: in every one without one of its own]' -r
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from show" -l version -d 'An earlier version of it' -r
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from show" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from edit" -l business -d 'Of which location\'s mail [default: of every location\'s without one of its own]' -r
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from edit" -l locale -d 'In which language [default: in every one without one of its own]' -r
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from edit" -l note -d 'Why, for the history' -r
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from edit" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from edit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from set" -l business -d 'Of which location\'s mail [default: of every location\'s without one of its own]' -r
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from set" -l locale -d 'In which language [default: in every one without one of its own]' -r
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from set" -l note -d 'Why, for the history' -r
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from set" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from diff" -l business -d 'Of which location\'s mail [default: of every location\'s without one of its own]' -r
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from diff" -l locale -d 'In which language [default: in every one without one of its own]' -r
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from diff" -l from -d 'The older version; 0 is the built-in one' -r
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from diff" -l to -d 'The newer version [default: the one in force]' -r
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from diff" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from diff" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from history" -l business -d 'Of which location\'s mail [default: of every location\'s without one of its own]' -r
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from history" -l locale -d 'In which language [default: in every one without one of its own]' -r
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from history" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from history" -l json -d 'As JSON'
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from history" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from rollback" -l business -d 'Of which location\'s mail [default: of every location\'s without one of its own]' -r
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from rollback" -l locale -d 'In which language [default: in every one without one of its own]' -r
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from rollback" -l note -d 'Why, for the history' -r
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from rollback" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from rollback" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from preview" -l business -d 'Of which location' -r
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from preview" -l locale -d 'In which language [default: the location\'s]' -r
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from preview" -l html -d 'Write the HTML into this file' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from preview" -l eml -d 'Write the whole mail into this file, for a mail program to open' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from preview" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from preview" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from send-test" -l business -d 'Of which location' -r
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from send-test" -l locale -d 'In which language [default: the location\'s]' -r
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from send-test" -l to -d 'To whom' -r
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from send-test" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from send-test" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from lint" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from lint" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the templates that stand in for built-in ones, and whether they work'
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from help" -f -a "show" -d 'Print the template that a part of a mail is made from, built in or not'
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from help" -f -a "edit" -d 'Change a template in $VISUAL or $EDITOR'
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from help" -f -a "set" -d 'Save a template from a file, or from standard input'
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from help" -f -a "diff" -d 'Show what a template changes: against the built-in one, or between two versions'
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from help" -f -a "history" -d 'List the versions of a template: when, by whom, and why'
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from help" -f -a "rollback" -d 'Put an earlier version into force again; 0 takes the template back'
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from help" -f -a "preview" -d 'Fill a mail in with sample values and print it'
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from help" -f -a "send-test" -d 'Send a mail with sample values, marked as a test, by the relay that takes such mail'
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from help" -f -a "lint" -d 'Say what is wrong with a file, or with any of the saved templates'
complete -c readmit -n "__fish_readmit_using_subcommand template; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and not __fish_seen_subcommand_from list show retry cancel purge stats suppressed help" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and not __fish_seen_subcommand_from list show retry cancel purge stats suppressed help" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and not __fish_seen_subcommand_from list show retry cancel purge stats suppressed help" -f -a "list" -d 'List messages, newest first'
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and not __fish_seen_subcommand_from list show retry cancel purge stats suppressed help" -f -a "show" -d 'Show one message: its state, and what each relay said at each attempt'
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and not __fish_seen_subcommand_from list show retry cancel purge stats suppressed help" -f -a "retry" -d 'Send dead messages anew, and those at once that wait'
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and not __fish_seen_subcommand_from list show retry cancel purge stats suppressed help" -f -a "cancel" -d 'Drop messages that wait'
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and not __fish_seen_subcommand_from list show retry cancel purge stats suppressed help" -f -a "purge" -d 'Remove messages that were sent, dropped or given up'
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and not __fish_seen_subcommand_from list show retry cancel purge stats suppressed help" -f -a "stats" -d 'Count the messages, and show how the relays are'
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and not __fish_seen_subcommand_from list show retry cancel purge stats suppressed help" -f -a "suppressed" -d 'Addresses that no mail is sent to any more'
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and not __fish_seen_subcommand_from list show retry cancel purge stats suppressed help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from list" -l limit -d 'How many at most' -r
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from list" -l state -d 'Only those in this state' -r -f -a "queued\t'Waits for its next attempt'
sending\t'Is being sent'
sent\t'The relay took it'
dead\t'Given up'
dropped\t'There was nothing to send'"
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from list" -l kind -d 'Only those of this kind' -r -f -a "reset\t'A reset link'
otp\t'A one-time code with its magic link'
changed\t'The notice of a changed password'
welcome\t'The notice of a sign-in by a new application The welcome of somebody who was added'
signin_notice\t''"
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from list" -l business -d 'Only those of this location' -r
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from list" -l recipient -d 'Only those to addresses that contain this' -r
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from list" -l older-than -d 'Only those that were put into the outbox longer ago than this: 90m, 12h, 7d' -r
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from list" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from list" -l json -d 'As JSON'
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from show" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from show" -l json -d 'As JSON'
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from retry" -l state -d 'Only those in this state' -r -f -a "queued\t'Waits for its next attempt'
sending\t'Is being sent'
sent\t'The relay took it'
dead\t'Given up'
dropped\t'There was nothing to send'"
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from retry" -l kind -d 'Only those of this kind' -r -f -a "reset\t'A reset link'
otp\t'A one-time code with its magic link'
changed\t'The notice of a changed password'
welcome\t'The notice of a sign-in by a new application The welcome of somebody who was added'
signin_notice\t''"
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from retry" -l business -d 'Only those of this location' -r
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from retry" -l recipient -d 'Only those to addresses that contain this' -r
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from retry" -l older-than -d 'Only those that were put into the outbox longer ago than this: 90m, 12h, 7d' -r
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from retry" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from retry" -l all -d 'All of them, without numbers or a filter'
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from retry" -l json -d 'As JSON'
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from retry" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from cancel" -l state -d 'Only those in this state' -r -f -a "queued\t'Waits for its next attempt'
sending\t'Is being sent'
sent\t'The relay took it'
dead\t'Given up'
dropped\t'There was nothing to send'"
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from cancel" -l kind -d 'Only those of this kind' -r -f -a "reset\t'A reset link'
otp\t'A one-time code with its magic link'
changed\t'The notice of a changed password'
welcome\t'The notice of a sign-in by a new application The welcome of somebody who was added'
signin_notice\t''"
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from cancel" -l business -d 'Only those of this location' -r
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from cancel" -l recipient -d 'Only those to addresses that contain this' -r
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from cancel" -l older-than -d 'Only those that were put into the outbox longer ago than this: 90m, 12h, 7d' -r
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from cancel" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from cancel" -l all -d 'All of them, without numbers or a filter'
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from cancel" -l json -d 'As JSON'
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from cancel" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from purge" -l state -d 'Only those in this state' -r -f -a "queued\t'Waits for its next attempt'
sending\t'Is being sent'
sent\t'The relay took it'
dead\t'Given up'
dropped\t'There was nothing to send'"
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from purge" -l kind -d 'Only those of this kind' -r -f -a "reset\t'A reset link'
otp\t'A one-time code with its magic link'
changed\t'The notice of a changed password'
welcome\t'The notice of a sign-in by a new application The welcome of somebody who was added'
signin_notice\t''"
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from purge" -l business -d 'Only those of this location' -r
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from purge" -l recipient -d 'Only those to addresses that contain this' -r
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from purge" -l older-than -d 'Only those that were put into the outbox longer ago than this: 90m, 12h, 7d' -r
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from purge" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from purge" -l yes -d 'Do not ask'
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from purge" -l all -d 'All of them, without numbers or a filter'
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from purge" -l json -d 'As JSON'
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from purge" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from stats" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from stats" -l json -d 'As JSON'
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from stats" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from suppressed" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from suppressed" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from suppressed" -f -a "list" -d 'List the addresses, the latest first'
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from suppressed" -f -a "add" -d 'Send no more mail to an address'
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from suppressed" -f -a "release" -d 'Send mail to an address again; what was dropped meanwhile has to be asked for anew'
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from suppressed" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from help" -f -a "list" -d 'List messages, newest first'
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show one message: its state, and what each relay said at each attempt'
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from help" -f -a "retry" -d 'Send dead messages anew, and those at once that wait'
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from help" -f -a "cancel" -d 'Drop messages that wait'
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from help" -f -a "purge" -d 'Remove messages that were sent, dropped or given up'
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from help" -f -a "stats" -d 'Count the messages, and show how the relays are'
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from help" -f -a "suppressed" -d 'Addresses that no mail is sent to any more'
complete -c readmit -n "__fish_readmit_using_subcommand outbox; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c readmit -n "__fish_readmit_using_subcommand audit; and not __fish_seen_subcommand_from list export verify help" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand audit; and not __fish_seen_subcommand_from list export verify help" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand audit; and not __fish_seen_subcommand_from list export verify help" -f -a "list" -d 'List entries, newest first'
complete -c readmit -n "__fish_readmit_using_subcommand audit; and not __fish_seen_subcommand_from list export verify help" -f -a "export" -d 'Write entries to a file or to standard output, oldest first'
complete -c readmit -n "__fish_readmit_using_subcommand audit; and not __fish_seen_subcommand_from list export verify help" -f -a "verify" -d 'Find out whether an entry was removed, altered, inserted or moved'
complete -c readmit -n "__fish_readmit_using_subcommand audit; and not __fish_seen_subcommand_from list export verify help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c readmit -n "__fish_readmit_using_subcommand audit; and __fish_seen_subcommand_from list" -l limit -d 'How many at most' -r
complete -c readmit -n "__fish_readmit_using_subcommand audit; and __fish_seen_subcommand_from list" -l actor -d 'Only those by actors whose name contains this: anonymous, member, or admin: and a system user' -r
complete -c readmit -n "__fish_readmit_using_subcommand audit; and __fish_seen_subcommand_from list" -l account -d 'Only those on this account: a part of its address, or its id, which the log keeps when it is removed' -r
complete -c readmit -n "__fish_readmit_using_subcommand audit; and __fish_seen_subcommand_from list" -l kind -d 'Only those of kinds that contain this: session, otp.verify, account.suspend' -r
complete -c readmit -n "__fish_readmit_using_subcommand audit; and __fish_seen_subcommand_from list" -l outcome -d 'Only those that ended so' -r -f -a "ok\t'It was done'
refused\t'It was refused'"
complete -c readmit -n "__fish_readmit_using_subcommand audit; and __fish_seen_subcommand_from list" -l since -d 'Only those from this time on: 2026-11-24, 2026-11-24T08:00:00Z, or how long ago: 90m, 12h, 7d' -r
complete -c readmit -n "__fish_readmit_using_subcommand audit; and __fish_seen_subcommand_from list" -l until -d 'Only those before this time' -r
complete -c readmit -n "__fish_readmit_using_subcommand audit; and __fish_seen_subcommand_from list" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand audit; and __fish_seen_subcommand_from list" -l json -d 'As JSON'
complete -c readmit -n "__fish_readmit_using_subcommand audit; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readmit -n "__fish_readmit_using_subcommand audit; and __fish_seen_subcommand_from export" -l format -d 'Its form [default: by the file\'s name, else jsonl]' -r -f -a "jsonl\t'A JSON object a line'
csv\t'Comma-separated values with a header'"
complete -c readmit -n "__fish_readmit_using_subcommand audit; and __fish_seen_subcommand_from export" -l actor -d 'Only those by actors whose name contains this: anonymous, member, or admin: and a system user' -r
complete -c readmit -n "__fish_readmit_using_subcommand audit; and __fish_seen_subcommand_from export" -l account -d 'Only those on this account: a part of its address, or its id, which the log keeps when it is removed' -r
complete -c readmit -n "__fish_readmit_using_subcommand audit; and __fish_seen_subcommand_from export" -l kind -d 'Only those of kinds that contain this: session, otp.verify, account.suspend' -r
complete -c readmit -n "__fish_readmit_using_subcommand audit; and __fish_seen_subcommand_from export" -l outcome -d 'Only those that ended so' -r -f -a "ok\t'It was done'
refused\t'It was refused'"
complete -c readmit -n "__fish_readmit_using_subcommand audit; and __fish_seen_subcommand_from export" -l since -d 'Only those from this time on: 2026-11-24, 2026-11-24T08:00:00Z, or how long ago: 90m, 12h, 7d' -r
complete -c readmit -n "__fish_readmit_using_subcommand audit; and __fish_seen_subcommand_from export" -l until -d 'Only those before this time' -r
complete -c readmit -n "__fish_readmit_using_subcommand audit; and __fish_seen_subcommand_from export" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand audit; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readmit -n "__fish_readmit_using_subcommand audit; and __fish_seen_subcommand_from verify" -l head -d 'A head that was printed earlier: whether the log still holds what it held then' -r
complete -c readmit -n "__fish_readmit_using_subcommand audit; and __fish_seen_subcommand_from verify" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand audit; and __fish_seen_subcommand_from verify" -l json -d 'As JSON'
complete -c readmit -n "__fish_readmit_using_subcommand audit; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readmit -n "__fish_readmit_using_subcommand audit; and __fish_seen_subcommand_from help" -f -a "list" -d 'List entries, newest first'
complete -c readmit -n "__fish_readmit_using_subcommand audit; and __fish_seen_subcommand_from help" -f -a "export" -d 'Write entries to a file or to standard output, oldest first'
complete -c readmit -n "__fish_readmit_using_subcommand audit; and __fish_seen_subcommand_from help" -f -a "verify" -d 'Find out whether an entry was removed, altered, inserted or moved'
complete -c readmit -n "__fish_readmit_using_subcommand audit; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c readmit -n "__fish_readmit_using_subcommand key; and not __fish_seen_subcommand_from list rotate retire help" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand key; and not __fish_seen_subcommand_from list rotate retire help" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand key; and not __fish_seen_subcommand_from list rotate retire help" -f -a "list" -d 'List the keys: which one signs, and how long the others are honoured'
complete -c readmit -n "__fish_readmit_using_subcommand key; and not __fish_seen_subcommand_from list rotate retire help" -f -a "rotate" -d 'Make a new key that signs from now on'
complete -c readmit -n "__fish_readmit_using_subcommand key; and not __fish_seen_subcommand_from list rotate retire help" -f -a "retire" -d 'Remove an old key before its time: what it has signed is worth nothing from then on'
complete -c readmit -n "__fish_readmit_using_subcommand key; and not __fish_seen_subcommand_from list rotate retire help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c readmit -n "__fish_readmit_using_subcommand key; and __fish_seen_subcommand_from list" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand key; and __fish_seen_subcommand_from list" -l json -d 'As JSON'
complete -c readmit -n "__fish_readmit_using_subcommand key; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand key; and __fish_seen_subcommand_from rotate" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand key; and __fish_seen_subcommand_from rotate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readmit -n "__fish_readmit_using_subcommand key; and __fish_seen_subcommand_from retire" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand key; and __fish_seen_subcommand_from retire" -l yes -d 'Do not ask'
complete -c readmit -n "__fish_readmit_using_subcommand key; and __fish_seen_subcommand_from retire" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand key; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the keys: which one signs, and how long the others are honoured'
complete -c readmit -n "__fish_readmit_using_subcommand key; and __fish_seen_subcommand_from help" -f -a "rotate" -d 'Make a new key that signs from now on'
complete -c readmit -n "__fish_readmit_using_subcommand key; and __fish_seen_subcommand_from help" -f -a "retire" -d 'Remove an old key before its time: what it has signed is worth nothing from then on'
complete -c readmit -n "__fish_readmit_using_subcommand key; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c readmit -n "__fish_readmit_using_subcommand dkim; and not __fish_seen_subcommand_from new show use remove help" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand dkim; and not __fish_seen_subcommand_from new show use remove help" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand dkim; and not __fish_seen_subcommand_from new show use remove help" -f -a "new" -d 'Make a key for a sender\'s domain, and print what its zone has to say'
complete -c readmit -n "__fish_readmit_using_subcommand dkim; and not __fish_seen_subcommand_from new show use remove help" -f -a "show" -d 'Show the keys, and the records that their zones have to hold'
complete -c readmit -n "__fish_readmit_using_subcommand dkim; and not __fish_seen_subcommand_from new show use remove help" -f -a "use" -d 'Let a key sign, in the place of the one of its algorithm that does so now'
complete -c readmit -n "__fish_readmit_using_subcommand dkim; and not __fish_seen_subcommand_from new show use remove help" -f -a "remove" -d 'Remove a key'
complete -c readmit -n "__fish_readmit_using_subcommand dkim; and not __fish_seen_subcommand_from new show use remove help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c readmit -n "__fish_readmit_using_subcommand dkim; and __fish_seen_subcommand_from new" -l selector -d 'Where the key is published [default: the algorithm and the day]' -r
complete -c readmit -n "__fish_readmit_using_subcommand dkim; and __fish_seen_subcommand_from new" -l algorithm -d 'RSA is verified everywhere; Ed25519 may stand beside it' -r -f -a "rsa\t'2,048 bits (RFC 8301)'
ed25519\t'RFC 8463'"
complete -c readmit -n "__fish_readmit_using_subcommand dkim; and __fish_seen_subcommand_from new" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand dkim; and __fish_seen_subcommand_from new" -l json -d 'As JSON'
complete -c readmit -n "__fish_readmit_using_subcommand dkim; and __fish_seen_subcommand_from new" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readmit -n "__fish_readmit_using_subcommand dkim; and __fish_seen_subcommand_from show" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand dkim; and __fish_seen_subcommand_from show" -l json -d 'As JSON'
complete -c readmit -n "__fish_readmit_using_subcommand dkim; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand dkim; and __fish_seen_subcommand_from use" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand dkim; and __fish_seen_subcommand_from use" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readmit -n "__fish_readmit_using_subcommand dkim; and __fish_seen_subcommand_from remove" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand dkim; and __fish_seen_subcommand_from remove" -l yes -d 'Do not ask'
complete -c readmit -n "__fish_readmit_using_subcommand dkim; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c readmit -n "__fish_readmit_using_subcommand dkim; and __fish_seen_subcommand_from help" -f -a "new" -d 'Make a key for a sender\'s domain, and print what its zone has to say'
complete -c readmit -n "__fish_readmit_using_subcommand dkim; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show the keys, and the records that their zones have to hold'
complete -c readmit -n "__fish_readmit_using_subcommand dkim; and __fish_seen_subcommand_from help" -f -a "use" -d 'Let a key sign, in the place of the one of its algorithm that does so now'
complete -c readmit -n "__fish_readmit_using_subcommand dkim; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Remove a key'
complete -c readmit -n "__fish_readmit_using_subcommand dkim; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c readmit -n "__fish_readmit_using_subcommand backup" -l passphrase-file -d 'Read the passphrase from this file; else backup.passphrase counts, or it is asked for' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand backup" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand backup" -l with-keys -d 'Put the keys into it, too, and encrypt it under a passphrase'
complete -c readmit -n "__fish_readmit_using_subcommand backup" -l force -d 'Replace a file that is there'
complete -c readmit -n "__fish_readmit_using_subcommand backup" -l json -d 'As JSON'
complete -c readmit -n "__fish_readmit_using_subcommand backup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readmit -n "__fish_readmit_using_subcommand restore" -l passphrase-file -d 'Read the passphrase from this file; else backup.passphrase counts, or it is asked for' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand restore" -l config -d 'The configuration file [default: readmit.toml, if there is one]' -r -F
complete -c readmit -n "__fish_readmit_using_subcommand restore" -l force -d 'Put it in the place of a database that is there; the old files are kept beside'
complete -c readmit -n "__fish_readmit_using_subcommand restore" -l keep-sessions -d 'Let the sessions in it go on; those that were ended since come to life again'
complete -c readmit -n "__fish_readmit_using_subcommand restore" -l json -d 'As JSON'
complete -c readmit -n "__fish_readmit_using_subcommand restore" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readmit -n "__fish_readmit_using_subcommand help; and not __fish_seen_subcommand_from init serve demo console check doctor health openapi business user reset template outbox audit key dkim backup restore help" -f -a "init" -d 'Set a deployment up: a configuration, keys, the database and the first location'
complete -c readmit -n "__fish_readmit_using_subcommand help; and not __fish_seen_subcommand_from init serve demo console check doctor health openapi business user reset template outbox audit key dkim backup restore help" -f -a "serve" -d 'Serve the API and send mail, until SIGTERM or Ctrl-C'
complete -c readmit -n "__fish_readmit_using_subcommand help; and not __fish_seen_subcommand_from init serve demo console check doctor health openapi business user reset template outbox audit key dkim backup restore help" -f -a "demo" -d 'Try it: two businesses, three people, mail caught in a folder; needs nothing'
complete -c readmit -n "__fish_readmit_using_subcommand help; and not __fish_seen_subcommand_from init serve demo console check doctor health openapi business user reset template outbox audit key dkim backup restore help" -f -a "console" -d 'Watch and steer the deployment in this terminal'
complete -c readmit -n "__fish_readmit_using_subcommand help; and not __fish_seen_subcommand_from init serve demo console check doctor health openapi business user reset template outbox audit key dkim backup restore help" -f -a "check" -d 'Show the effective configuration and test the database, the keys and the relay'
complete -c readmit -n "__fish_readmit_using_subcommand help; and not __fish_seen_subcommand_from init serve demo console check doctor health openapi business user reset template outbox audit key dkim backup restore help" -f -a "doctor" -d 'Look for what is wrong, or will be soon, and say what to do'
complete -c readmit -n "__fish_readmit_using_subcommand help; and not __fish_seen_subcommand_from init serve demo console check doctor health openapi business user reset template outbox audit key dkim backup restore help" -f -a "health" -d 'Ask the running server whether it can do its work; exit status 0 if so'
complete -c readmit -n "__fish_readmit_using_subcommand help; and not __fish_seen_subcommand_from init serve demo console check doctor health openapi business user reset template outbox audit key dkim backup restore help" -f -a "openapi" -d 'Print the OpenAPI document'
complete -c readmit -n "__fish_readmit_using_subcommand help; and not __fish_seen_subcommand_from init serve demo console check doctor health openapi business user reset template outbox audit key dkim backup restore help" -f -a "business" -d 'Locations: who mail comes from, what it looks like, where its links lead'
complete -c readmit -n "__fish_readmit_using_subcommand help; and not __fish_seen_subcommand_from init serve demo console check doctor health openapi business user reset template outbox audit key dkim backup restore help" -f -a "user" -d 'People'
complete -c readmit -n "__fish_readmit_using_subcommand help; and not __fish_seen_subcommand_from init serve demo console check doctor health openapi business user reset template outbox audit key dkim backup restore help" -f -a "reset" -d 'Reset links'
complete -c readmit -n "__fish_readmit_using_subcommand help; and not __fish_seen_subcommand_from init serve demo console check doctor health openapi business user reset template outbox audit key dkim backup restore help" -f -a "template" -d 'What mail says and looks like: built-in templates, and those of locations'
complete -c readmit -n "__fish_readmit_using_subcommand help; and not __fish_seen_subcommand_from init serve demo console check doctor health openapi business user reset template outbox audit key dkim backup restore help" -f -a "outbox" -d 'Mail that waits, and what became of the rest'
complete -c readmit -n "__fish_readmit_using_subcommand help; and not __fish_seen_subcommand_from init serve demo console check doctor health openapi business user reset template outbox audit key dkim backup restore help" -f -a "audit" -d 'Who did what to whom, from where, and how it ended'
complete -c readmit -n "__fish_readmit_using_subcommand help; and not __fish_seen_subcommand_from init serve demo console check doctor health openapi business user reset template outbox audit key dkim backup restore help" -f -a "key" -d 'The keys that sign tokens'
complete -c readmit -n "__fish_readmit_using_subcommand help; and not __fish_seen_subcommand_from init serve demo console check doctor health openapi business user reset template outbox audit key dkim backup restore help" -f -a "dkim" -d 'The keys by which sender domains sign mail'
complete -c readmit -n "__fish_readmit_using_subcommand help; and not __fish_seen_subcommand_from init serve demo console check doctor health openapi business user reset template outbox audit key dkim backup restore help" -f -a "backup" -d 'Copy the database into a file, while the server runs'
complete -c readmit -n "__fish_readmit_using_subcommand help; and not __fish_seen_subcommand_from init serve demo console check doctor health openapi business user reset template outbox audit key dkim backup restore help" -f -a "restore" -d 'Put a backup in the place of the database'
complete -c readmit -n "__fish_readmit_using_subcommand help; and not __fish_seen_subcommand_from init serve demo console check doctor health openapi business user reset template outbox audit key dkim backup restore help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from business" -f -a "add" -d 'Add a location'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from business" -f -a "list" -d 'List the locations'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from business" -f -a "show" -d 'Show one location with all its settings'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from business" -f -a "set" -d 'Change settings of a location; "" clears one'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from business" -f -a "remove" -d 'Remove a location that nobody belongs to'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "add" -d 'Add a person; without a password they must reset first'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "set" -d 'Change a person\'s name or language'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "list" -d 'List the people'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "show" -d 'Show one person, with open sessions and reset links'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "import" -d 'Add many people from a file, all or none'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "export" -d 'Write everybody as JSON Lines, which an import takes'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "suspend" -d 'Shut a person out, and end their sessions and links'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "reactivate" -d 'Let a suspended person in again'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "require-reset" -d 'Require a new password before the next sign-in, and end sessions and links'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "set-password" -d 'Replace a person\'s password, and end their sessions and links'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "sessions" -d 'List a person\'s open sessions'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "revoke-sessions" -d 'End every session of a person'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "reset-link" -d 'Make a fresh reset link, for a member on the telephone, and print it'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "totp-off" -d 'Switch a person\'s two-factor authentication off, for a lost device'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "remove" -d 'Remove a person and all that is theirs'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from reset" -f -a "list" -d 'List the links that can still be used'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from reset" -f -a "revoke" -d 'Revoke a link'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from template" -f -a "list" -d 'List the templates that stand in for built-in ones, and whether they work'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from template" -f -a "show" -d 'Print the template that a part of a mail is made from, built in or not'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from template" -f -a "edit" -d 'Change a template in $VISUAL or $EDITOR'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from template" -f -a "set" -d 'Save a template from a file, or from standard input'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from template" -f -a "diff" -d 'Show what a template changes: against the built-in one, or between two versions'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from template" -f -a "history" -d 'List the versions of a template: when, by whom, and why'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from template" -f -a "rollback" -d 'Put an earlier version into force again; 0 takes the template back'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from template" -f -a "preview" -d 'Fill a mail in with sample values and print it'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from template" -f -a "send-test" -d 'Send a mail with sample values, marked as a test, by the relay that takes such mail'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from template" -f -a "lint" -d 'Say what is wrong with a file, or with any of the saved templates'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from outbox" -f -a "list" -d 'List messages, newest first'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from outbox" -f -a "show" -d 'Show one message: its state, and what each relay said at each attempt'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from outbox" -f -a "retry" -d 'Send dead messages anew, and those at once that wait'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from outbox" -f -a "cancel" -d 'Drop messages that wait'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from outbox" -f -a "purge" -d 'Remove messages that were sent, dropped or given up'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from outbox" -f -a "stats" -d 'Count the messages, and show how the relays are'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from outbox" -f -a "suppressed" -d 'Addresses that no mail is sent to any more'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from audit" -f -a "list" -d 'List entries, newest first'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from audit" -f -a "export" -d 'Write entries to a file or to standard output, oldest first'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from audit" -f -a "verify" -d 'Find out whether an entry was removed, altered, inserted or moved'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from key" -f -a "list" -d 'List the keys: which one signs, and how long the others are honoured'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from key" -f -a "rotate" -d 'Make a new key that signs from now on'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from key" -f -a "retire" -d 'Remove an old key before its time: what it has signed is worth nothing from then on'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from dkim" -f -a "new" -d 'Make a key for a sender\'s domain, and print what its zone has to say'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from dkim" -f -a "show" -d 'Show the keys, and the records that their zones have to hold'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from dkim" -f -a "use" -d 'Let a key sign, in the place of the one of its algorithm that does so now'
complete -c readmit -n "__fish_readmit_using_subcommand help; and __fish_seen_subcommand_from dkim" -f -a "remove" -d 'Remove a key'
