"""The policy of whoever runs the computer: settings that people can't change.

    Linux, other Unix   /etc/qalamsap/policy.toml, then /etc/qalamsap/policy.d/*.toml by name
    macOS               those, then the managed preferences kz.qalamsap: of the person, then of the computer
    Windows             the registry, Software\\Policies\\Qalamsap: of HKEY_CURRENT_USER, then of HKEY_LOCAL_MACHINE

What comes later is stronger, setting by setting. Whatever in it can't be used makes the whole policy useless, and then nothing is done
(agent.policy.base.BadPolicy): who set rules wants them kept, and half a policy may be the wrong half.
"""
