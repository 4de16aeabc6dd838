import Foundation
import PolicyFile
import ReleaseWorkflow
let text = try String(contentsOfFile: CommandLine.arguments[1], encoding: .utf8)
do {
let p = try PolicyFile.parse(text)
let l = LoadedPolicy(policy: p.policy, digest: [])
for w in p.policy.workflows {
  let t = Date()
  let r = prove(l, workflow: w)
  print(w.id, r.stateCount, r.edgeCount, Date().timeIntervalSince(t))
  for c in r.counterexamples { print(c) }
  let table = DecisionTable(l, workflow: w)
  for row in table.allowed { print("\(w.id)  \(row.state)  \(row.command.rawValue)  \(row.role.rawValue)/\(row.channels.map(\.rawValue).joined(separator: ","))  -> \(row.leadsTo.joined(separator: ","))") }
}
} catch { print(error) }
