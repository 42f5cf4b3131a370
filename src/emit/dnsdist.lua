
local function allowed(name)
  return names[name:toString():lower()] or domains:check(name)
end

local function is_private(octets)
  return (#octets ~= 4 and #octets ~= 16) or private:match(newCAFromRaw(octets))
end

-- Whether a hint of an HTTPS or SVCB record leads inside (RFC 9460, section 2.2). What cannot be read does.
local function hints_inside(data)
  local at = 3
  while at <= #data and data:byte(at) ~= 0 do at = at + 1 + data:byte(at) end
  at = at + 1
  while at <= #data do
    if at + 3 > #data then return true end
    local key = data:byte(at) * 256 + data:byte(at + 1)
    local length = data:byte(at + 2) * 256 + data:byte(at + 3)
    local size = ({[4] = 4, [6] = 16})[key]
    for from = at + 4, at + 3 + (size and length or 0), size or 1 do
      if is_private(data:sub(from, from + size - 1)) then return true end
    end
    at = at + 4 + length
  end
  return false
end

-- An answer that leads inside loses its addresses, unless the question and all names that the answer passes are allowed.
local function block_rebinding(dr)
  local packet = dr:getContent()
  local overlay = newDNSPacketOverlay(packet)
  local inside, excepted = false, allowed(overlay.qname)
  for index = 0, overlay:getRecordsCountInSection(DNSSection.Answer) - 1 do
    local record = overlay:getRecord(index)
    local data = packet:sub(record.contentOffset + 1, record.contentOffset + record.contentLength)
    if record.type == DNSQType.A or record.type == DNSQType.AAAA then
      inside = inside or is_private(data)
    elseif record.type == 64 or record.type == 65 then -- SVCB, HTTPS
      inside = inside or hints_inside(data)
    end
    excepted = excepted and allowed(record.name)
  end
  if inside and not excepted then dr:setTag('lanward-blocked', 'yes') end
  return DNSResponseAction.None, ''
end
addResponseAction(AllRule(), LuaResponseAction(block_rebinding))
addResponseAction(
  TagRule('lanward-blocked'),
  ClearRecordTypesResponseAction({DNSQType.A, DNSQType.AAAA, DNSQType.CNAME, 64, 65})
)
